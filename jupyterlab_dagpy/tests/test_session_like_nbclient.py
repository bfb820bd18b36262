"""Cells show in a worker what they show in a real kernel under nbclient."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from harness import engine

GALLERY: dict[str, list[str]] = {
    "streams": [
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('again', end='')",
        "print('a' * 10); sys.stdout.write('written\\n'); sys.stdout.writelines(['x', 'y'])",
        "sys.stdout.isatty(), sys.stdout.encoding, sys.stdin is None",
        "try:\n    print(1, file=3)\nexcept AttributeError as error:\n    print(error)",
        "try:\n    sys.stdout.write(3)\nexcept TypeError as error:\n    print(error)",
        "print('no newline', flush=True, end='')\nprint(' then', 'more')",
        "print('\\r 10%', end='\\r'); print('\\x1b[31mred\\x1b[0m \\u2713')",
    ],
    "results": [
        "1",
        "_ + 1",
        "Out[1], In[1], _1, sorted(Out)",
        "x = 3\nx;",
        "x\nx + 1",
        "None",
        "'a string', [1.5, float('nan')], {'k': {1, 2}}",
        "class Rich:\n    def _repr_html_(self):\n        return '<b>rich</b>'\n    def __repr__(self):\n        return 'rich'\nRich()",  # noqa: E501
        "class Bundle:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/plain': 'p', 'application/json': {'a': [1, None, 2.5]}}, {'application/json': {'m': 1}}\nBundle()",  # noqa: E501
        "list(range(2000))",
        "__name__, get_ipython() is not None",
        "[name for name in dir() if not name.startswith('_')]",
    ],
    "displays": [
        "from IPython.display import display, HTML, Markdown, Image, JSON, clear_output, update_display, SVG, Latex\n"
        "display(1, 'two'); display(HTML('<i>three</i>'))",
        "handle = display('first', display_id='here')\nhandle.update('second')",
        "display('third', display_id='here')",
        "update_display('fourth', display_id='here')",
        "print('gone'); clear_output(); print('kept')",
        "print('gone too'); clear_output(wait=True); print('kept too')",
        "Markdown('# title')",
        "JSON({'a': 1})",
        "display({'text/plain': 'raw', 'text/html': '<p>raw</p>'}, raw=True, metadata={'text/html': {'isolated': True}})",  # noqa: E501
        "Image(data=bytes.fromhex('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489')"
        " + bytes(20), format='png')",
        "display(HTML('<b>x</b>'), Latex('$x$'))\nprint('after')",
        "from IPython.utils.capture import capture_output\nwith capture_output() as seen:\n"
        "    print('inside'); display('shown')\nseen.stdout, len(seen.outputs)",
    ],
    "magics": [
        "%%capture taken\nprint('hidden')",
        "taken.stdout",
        "%env DAGPY_GALLERY=5\n!echo $DAGPY_GALLERY",
        "names = !printf 'a\\nb\\n'\nnames",
        "%%bash\necho from bash\necho to err >&2",
        "x = 4\n!echo {x} and $x",
        "%who_ls",
        "%config InlineBackend.figure_format = 'svg'",
        "%load_ext autoreload\n%autoreload 0",
        "%%writefile gallery_module.py\nvalue = 7",
        "import gallery_module\ngallery_module.value",
        "%run gallery_module.py\nvalue",
        "%%html\n<em>cell</em>",
        "%%python3 -c pass\n",
        "?print",
        "%cd -q .",
        "%precision 3\n3.14159",
        "%precision %r\n3.14159",
        "%%script false\n",
    ],
    "asynchronous": [
        "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
        "async def give():\n    await asyncio.sleep(0)\n    return 5\nawait give()",
        "async for_later = 1" if False else "later = asyncio.get_running_loop().create_task(give())",
        "later.done() or await later",
        "try:\n    asyncio.run(give())\nexcept RuntimeError as error:\n    print(error)",
        "async with asyncio.Lock() as nothing:\n    print(nothing)\n[i async for i in agen()] if False else 3",
        "await asyncio.gather(give(), give())",
        "raise ValueError('after await') if await give() else None",
    ],
    "error": ["def fails(n):\n    return 1 / n\n", "print('before')\nfails(0)", "print('never')"],
    "chained": ["try:\n    {}['k']\nexcept KeyError as error:\n    raise ValueError('chained') from error"],
    "syntax": ["x = (1,\n  2\ny = 3"],
    "syntax in a string": ["eval('1 +')"],
    "name": ["import math\nmath.sqrt(undefined_name)"],
    "missing module": ["import surely_not_there"],
    "missing file": ["open('surely-not-there.txt')"],
    "exit": ["import warnings\nraise SystemExit('bye')"],
    "broken repr": ["class Broken:\n    def __repr__(self):\n        raise ValueError('no repr')\nBroken()"],
    "magic": ["%no_such_magic"],
    "shell error": ["%%bash\nexit 3"],
    "group": ["raise TypeError('multi\\nline')"],
    "numbers": [
        "import numpy as np, pandas as pd\nnp.arange(6).reshape(2, 3)",
        "pd.DataFrame({'a': [1, 2], 'b': ['x', None]})",
        "pd.Series([1.0, 2.5], name='s')",
        "import warnings\nwarnings.warn('careful')",
        "import logging\nlogging.warning('logged')",
        "import inspect\ndef documented(x):\n    '''Doc.'''\n    return x\nprint(inspect.getsource(documented))",
    ],
    "figures": [
        "import matplotlib\nmatplotlib.get_backend()",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]);",
        "figure, axes = plt.subplots(figsize=(2, 1))\naxes.plot([3, 1])\nplt.show()\nprint('after')",
        "figure",
        "%matplotlib inline\nplt.figure(figsize=(1, 1)); print('text first')",
    ],
    "widgets": [
        "import ipywidgets as widgets\nslider = widgets.IntSlider(3)\nslider",
        "slider.value = 5\nbox = widgets.VBox([slider, widgets.Label('text')])\ndisplay(box)",
        "out = widgets.Output()\nwith out:\n    print('into the widget')\n    display('shown')\nout",
        "len(out.outputs), slider.value",
        "@widgets.interact(n=(0, 3))\ndef show(n=1):\n    print('n is', n)",
        "out.clear_output()\nwith out:\n    print('anew')",
        "import numpy as np\nwidgets.Image(value=b'abc', format='png')",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3), disable=True):\n    pass",
    ],
}


def by_nbclient(cells: list[str], folder: Path) -> tuple[list[list[dict[str, Any]]], Any]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    client = nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
    for attempt in range(2):
        try:
            client.execute()
        except nbclient.exceptions.CellTimeoutError:
            # nbclient's own output widget rarely loses an answer and waits for good
            if attempt:
                raise
            continue
        except nbclient.exceptions.CellExecutionError:
            pass
        break
    cells_run = [cell for cell in notebook.cells if cell.execution_count is not None]
    outputs = [joined(json.loads(json.dumps(cell.outputs))) for cell in cells_run]
    return outputs, notebook.metadata.get("widgets")


def joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbouring pieces of one stream as one output."""
    whole: list[dict[str, Any]] = []
    for output in outputs:
        last = whole[-1] if whole else {}
        if output["output_type"] == "stream" == last.get("output_type") and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            whole.append(output)
    return whole


def normalised(value: Any) -> Any:
    """Without what differs between any two kernels: process ids in file names, times, ids of widgets."""
    text = json.dumps(value, sort_keys=True, indent=1)
    text = re.sub(r"/tmp/ipykernel_\d+/\d+\.py", "/tmp/ipykernel/cell.py", text)
    text = re.sub(r"\(\d+\.py, line", "(cell.py, line", text)
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    identities: dict[str, str] = {}
    return re.sub(
        r"\b[0-9a-f]{32}\b", lambda match: identities.setdefault(match[0], f"id-{len(identities)}"), text
    )


@pytest.mark.parametrize("name", GALLERY)
def test_outputs_are_those_of_a_real_kernel(name: str, host: Any, tmp_path: Path) -> None:
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
    theirs, _ = by_nbclient(GALLERY[name], tmp_path / "theirs")
    ours = host.run(*GALLERY[name], cwd=str(tmp_path / "ours")).outputs()
    assert len(ours) == len(theirs)
    for source, our, their in zip(GALLERY[name], ours, theirs, strict=False):
        expected = normalised(their).replace(str(tmp_path / "theirs"), "HERE")
        assert normalised(our).replace(str(tmp_path / "ours"), "HERE") == expected, source


def test_widget_state_is_kept_as_nbclient_keeps_it(host: Any, tmp_path: Path) -> None:
    _, theirs = by_nbclient(GALLERY["widgets"], tmp_path)
    ran = host.run(*GALLERY["widgets"])
    ours = {"application/vnd.jupyter.widget-state+json": ran.done["widgets"]}

    def kinds(widgets: Any) -> list[str]:
        states = widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
        texts = (json.dumps(state, sort_keys=True) for state in states)
        return sorted(re.sub(r"[0-9a-f]{32}", "id", text) for text in texts)

    assert kinds(ours) == kinds(theirs)
    again = host.run(*GALLERY["widgets"])
    assert again.done["widgets"] == ran.done["widgets"]


def test_spawned_workers_show_the_same(tmp_path: Path) -> None:
    cells = GALLERY["results"]
    with engine(tmp_path, []) as forking:
        forked = forking.run(*cells).outputs()
    with engine(tmp_path) as spawning:
        assert spawning.run(*cells).outputs() == forked

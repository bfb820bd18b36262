"""Names of functions and methods by what calling them does, as far as a name tells."""

from __future__ import annotations

# methods that change their object, wherever they are called
MUTATORS = frozenset(
    "append extend insert remove pop popitem clear update setdefault add discard sort reverse"
    " appendleft extendleft popleft rotate fit partial_fit fit_transform push put put_nowait send throw"
    " close write writelines seek truncate fill itemset resize setflags difference_update"
    " intersection_update symmetric_difference_update add_module register_buffer load_state_dict"
    " zero_grad backward step eval_ train_ seed shuffle set_index_ add_subplot add_axes set add_patch"
    " add_collection add_artist add_line register subscribe __setitem__ __setattr__ __delitem__".split()
)
TAKES_IN = frozenset("append extend insert update setdefault add appendleft extendleft push put".split())
CHANGES_ITSELF = frozenset({"fit", "fit_transform"})
# called for what they show or write: no change of the object although the value is thrown away
LOOKING = frozenset(
    "head tail describe info show summary print display to_csv to_json to_parquet to_pickle to_excel"
    " to_hdf to_html to_feather savefig save dump hist boxplot items keys values sum mean count copy"
    " wait join".split()
)
# functions that change what they are given first
SINKS = frozenset(
    "next setattr delattr random.shuffle np.random.shuffle numpy.random.shuffle rng.shuffle shuffle"
    " np.put numpy.put np.copyto numpy.copyto np.place numpy.place np.putmask numpy.putmask"
    " np.fill_diagonal numpy.fill_diagonal heapq.heappush heapq.heappop heapq.heapify heappush heappop"
    " heapify heapq.heapreplace heapq.heappushpop bisect.insort insort bisect.insort_left"
    " bisect.insort_right plt.setp".split()
)
CHANGED_KEYWORDS = frozenset({"out", "ax", "axes", "fig", "cax"})
SEEDED_KEYWORDS = frozenset({"random_state", "seed", "rng", "random_seed", "generator"})

READS_ALL = {
    "eval": "`eval` may read any variable",
    "exec": "`exec` may use any variable",
    "globals": "`globals()` gives every variable",
    "sys._getframe": "`sys._getframe` gives the variables of callers",
    "inspect.currentframe": "`inspect.currentframe` gives the variables of callers",
    "inspect.stack": "`inspect.stack` gives the variables of callers",
    "pdb.set_trace": "the debugger can look at any variable",
    "breakpoint": "the debugger can look at any variable",
    "code.interact": "`code.interact` can use any variable",
}
WITHOUT_ARGUMENTS = frozenset({"vars", "dir", "locals"})
SHELL_NAMESPACE = frozenset(
    "user_ns user_global_ns ev ex push run_cell run_code run_cell_async user_module drop_by_id"
    " safe_execfile run_line_magic run_cell_magic magic reset del_var history_manager".split()
)
ENVIRONMENT_CALLS = frozenset(
    "os.putenv os.unsetenv os.environ.update os.environ.setdefault os.environ.pop os.environ.clear"
    " putenv environ.update environ.setdefault load_dotenv dotenv.load_dotenv".split()
)

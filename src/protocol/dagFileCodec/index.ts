/** Reading, editing and making `dag.json` as text. */
export { decodeDagFile, type DecodedDagFile, type DecodeOptions, type DecodeResult } from './decode.js';
export { editDagFile, type BlockKey, type DagEdit } from './edit.js';
export { edgeValue, filterValue, formatNewDagFile, type NewBlock, type NewProject } from './format.js';
export { bytesOf, idProblem, notebookPathProblem, secondsOf, variableProblem } from './names.js';

/** Reading, editing and making `dag.json` as text. */
export { decodeDagFile, type DecodedDagFile, type DecodeOptions, type DecodeResult } from './decode.js';
export { editDagFile, type DagEdit } from './edit.js';
export { formatNewDagFile, type NewBlock, type NewProject } from './format.js';
export { bytesOf, idProblem, notebookPathProblem, secondsOf, variableProblem } from './names.js';

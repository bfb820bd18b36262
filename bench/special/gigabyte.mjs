// A gigabyte as the special measurements make it: eight arrays.
export const ARRAYS = 8;
/** Of each, in 64-bit floats. */
export const LENGTH = 15_625_000;

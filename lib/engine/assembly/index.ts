/** The kernels, each for a range of rows, so that threads can share a step of the plan. */
export { convolveFloat, multiply, packColumns, packRows } from './float'
export { channelSums, groupAffine } from './norm'
export { convolveOneBit } from './one-bit'
export { addRows, addToRows, addVectors, doubleRows, normedRows, scaleAndQuantize, softmax } from './values'

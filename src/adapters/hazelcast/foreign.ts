/** Stands for any value in Hazelcast that is not text. A single constant, so that reading twice compares as equal. */
export const FOREIGN: unique symbol = Symbol("a value that is not a text");

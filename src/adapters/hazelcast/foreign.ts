/** Stands for a value in Hazelcast that is no text. One for all: what is read twice compares as equal. */
export const FOREIGN: unique symbol = Symbol("a value that is no text");

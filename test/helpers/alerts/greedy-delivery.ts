/** A delivery thread that allocates memory until it is ended. */
const eaten: unknown[] = [];
for (;;) eaten.push(Array.from({ length: 1_000 }, (_, at) => ({ at })));

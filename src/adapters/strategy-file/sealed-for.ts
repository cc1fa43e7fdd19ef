/** The sealed globals of the file that the query names: loaded once per file, by `guard-imports.ts`. */
import { sealedGlobals } from "./sealed-globals.ts";

export default sealedGlobals(new URL(import.meta.url).searchParams.get("for") ?? "a strategy");

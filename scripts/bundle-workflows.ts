/** Builds the workflow bundle, so that no worker has to build it at its start. With --print it is the output, too. */
import { buildWorkflowBundle, PRINT } from "../src/workers/workflow-bundle.ts";

const code = await buildWorkflowBundle();
if (process.argv.includes(PRINT)) process.stdout.write(code);

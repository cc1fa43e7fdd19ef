/** Builds the workflow bundle, so that no worker has to build it at its start. */
import { buildWorkflowBundle } from "../src/workers/workflow-bundle.ts";

await buildWorkflowBundle();

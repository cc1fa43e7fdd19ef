/** Builds the workflow bundle, so that no worker has to at its start. */
import { loadWorkflowBundle } from "../src/workers/workflow-bundle.ts";

await loadWorkflowBundle();

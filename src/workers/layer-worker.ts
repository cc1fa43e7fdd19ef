/**
 * Workers of several layers whose workflows share one thread: they run the same code, a thread takes 36 MB, and our
 * workflows only need milliseconds.
 */
import { Worker } from "@temporalio/worker";
import type { WorkflowCreator } from "@temporalio/worker/lib/workflow/interface.js";
import type { WorkflowBundleWithSourceMapAndFilename as Bundle } from "@temporalio/worker/lib/workflow/workflow-worker-thread/input.js";

/** The class for these workers, whose bundle and activities must be equal. */
export function workersOfOneThread(): typeof Worker {
  let thread: Promise<WorkflowCreator> | null = null;
  let bundle: Promise<Bundle | undefined> | null = null;
  let users = 0;
  return class LayerWorker extends Worker {
    protected static override getOrCreateBundle(
      ...options: Parameters<typeof Worker.getOrCreateBundle>
    ): Promise<Bundle | undefined> {
      return (bundle ??= super.getOrCreateBundle(...options));
    }

    protected static override async createWorkflowCreator(
      ...options: Parameters<typeof Worker.createWorkflowCreator>
    ): Promise<WorkflowCreator> {
      users += 1;
      const shared = await (thread ??= super.createWorkflowCreator(...options));
      return {
        createWorkflow: (about) => shared.createWorkflow(about),
        async destroy() {
          users -= 1;
          if (users === 0) await shared.destroy();
        },
      };
    }
  };
}

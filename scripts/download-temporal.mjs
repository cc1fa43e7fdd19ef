/** Downloads the Temporal CLI with the SDK's own downloader: node download-temporal.mjs DIRECTORY VERSION. */
import { TestWorkflowEnvironment } from "@temporalio/testing";

const [downloadDir, version] = process.argv.slice(2);
const executable = { type: "cached-download", version: `v${version}`, downloadDir };
const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
await environment.teardown();

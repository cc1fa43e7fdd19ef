/** Lays out scan files with apache-arrow, posts them, and ends. */
import { parentPort, workerData } from "node:worker_threads";
import { layOutScan } from "../../wire/arrow-writer.ts";
import type { LayoutsWanted } from "./encode-apart.ts";

const { assets, eigenvalueCounts }: LayoutsWanted = workerData;
parentPort!.postMessage(eigenvalueCounts.map((count) => layOutScan(assets, count)));

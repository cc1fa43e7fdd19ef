/** Links into Temporal's Web UI; plain text where there is none. */
import { element } from "./dom.js";

function base(live) {
  const ui = live.last("status")?.temporal_ui ?? null;
  const namespace = live.last("beat")?.namespace ?? null;
  return ui === null || namespace === null
    ? null
    : `${ui}/namespaces/${encodeURIComponent(namespace)}`;
}

function link(live, path, text) {
  const at = base(live);
  if (at === null) return element("span", {}, text);
  const title = "in Temporal's Web UI";
  return element("a", { href: `${at}/${path}`, title, target: "_blank", rel: "noopener" }, text);
}

export function workflowLink(live, id, text = id) {
  return link(live, `workflows/${encodeURIComponent(id)}`, text);
}

export function scheduleLink(live, id, text = id) {
  return link(live, `schedules/${encodeURIComponent(id)}`, text);
}

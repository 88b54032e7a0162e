// What the two pages of the Zendesk app say to each other, by way of the workspace around them.

export const BACKGROUND = "background";
export const TOP_BAR = "top_bar";
export const DIAL = "desktop.dial"; // background to top bar: {id, number, ticketId, userId}
export const DIALLED = "desktop.dialled"; // top bar to background: {id}
export const READY = "desktop.ready"; // top bar to background: somebody is logged in and listens

// The app's other page; null where Zendesk has not made it (yet).
export async function instanceAt(client, location) {
  const { instances } = await client.get("instances");
  const found = Object.entries(instances || {}).find(([, about]) => about.location === location);
  return found ? client.instance(found[0]) : null;
}

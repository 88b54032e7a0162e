// Click-to-call: turns a phone icon of a record into the message that the softphone gets. With several numbers the
// instance asks first which one (ServiceNow docs, OpenFrame overview).

/** The payload of COMMUNICATION_EVENT for one number. */
export function payload({ number, country, entity, sys_id, contact, about }) {
  const data = [{ entity, query: `sys_id=${sys_id}`, value: sys_id, contact_name: contact || "", additionalFieldsCaptured: {} }];
  if (about && about.entity !== entity) data.push({ entity: about.entity, query: `sys_id=${about.sys_id}`, value: about.sys_id });
  const metaData = { phoneNumber: number, sys_id };
  if (country) metaData.countrycode = country;
  return { type: "OUTGOING_CALL", data: { metaData, data } };
}

export function choose(dialog, numbers) {
  if (numbers.length === 1) return Promise.resolve(numbers[0]);
  return new Promise((resolve) => {
    const list = dialog.querySelector("[data-part=numbers]");
    list.replaceChildren(...numbers.map((entry) => option(entry, () => finish(entry))));
    const finish = (entry) => {
      dialog.close();
      resolve(entry);
    };
    dialog.addEventListener("cancel", () => resolve(null), { once: true });
    dialog.querySelector("[data-part=cancel]").onclick = () => finish(null);
    dialog.showModal();
  });
}

function option({ label, number }, chosen) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label ? `${label}: ${number}` : number;
  button.addEventListener("click", chosen);
  return button;
}

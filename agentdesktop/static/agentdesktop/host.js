// Chooses the module of the page around us. Every module exports the same five functions:
//
//   ready(host)            resolves when the page around us answers; rejects with a sentence for the agent
//   screenPop(pop)         true when the page around us opens the record; false: the desktop offers a link
//   onClickToDial(call)    calls back with {number, record} when a number is clicked in the page around us
//   show(status)           shows {label, color, attention, ringing} outside of the desktop; also {title: who is on the
//                          call, busy: whether there is work}
//   resize({width,height}) asks for another size of the frame
//
// One more where the page around us tells of it:
//
//   onPresence(changed)    calls back when the agent's presence was changed there

import * as oracle from "./hosts/oracle.js";
import * as salesforce from "./hosts/salesforce.js";
import * as servicenow from "./hosts/servicenow.js";
import * as standalone from "./hosts/standalone.js";
import * as zendesk from "./hosts/zendesk.js";

const MODULES = { oracle, salesforce, servicenow, zendesk };

export const loadHost = (config, embedded) => (embedded && MODULES[config.host.module]) || standalone;

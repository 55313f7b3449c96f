// The page: signs in, asks what there is, puts the parts together.

import { liveActions, setUpActions, setUpSeek } from "./actions.js";
import { AnalyzeOptions } from "./analyze_options.js";
import { ask } from "./api.js";
import { setUpAttention } from "./attention.js";
import { setUpControls } from "./controls.js";
import { Cover } from "./cover.js";
import { byId, setText } from "./dom.js";
import { setUpKeys } from "./keys.js";
import { LiveSocket } from "./live_socket.js";
import { LiveState } from "./live_state.js";
import { notice } from "./notices.js";
import { setUpObjects } from "./objects.js";
import { Picture } from "./picture.js";
import { Recordings } from "./recordings.js";
import { recall, remember } from "./remember.js";
import { showNothing } from "./result.js";
import { signedIn } from "./sign_in.js";
import { setUpStatusBar } from "./status_bar.js";
import { setUpTabs } from "./tabs.js";
import { setUpTheme } from "./theme.js";
import { Upload } from "./upload.js";

const WAITS_MS = [500, 1000, 2000, 4000, 8000];
const LINK_WORDS = { open: "connected", connecting: "connecting", lost: "not connected", resting: "resting" };

/** Do something until it succeeds: the server may come later than the page. */
async function untilDone(does) {
  for (let n = 0; ; n += 1) {
    try {
      return await does();
    } catch (error) {
      showLink("lost");
      if (error.status) notice(error.message, "problem");
      await new Promise((resolve) => setTimeout(resolve, WAITS_MS[Math.min(n, WAITS_MS.length - 1)]));
    }
  }
}

function showLink(state) {
  byId("link").dataset.state = state;
  setText(byId("link").lastChild, LINK_WORDS[state]);
}

/** The two parts of the page; the last one opened is kept. Returns the function that opens one. */
function setUpParts() {
  const choose = setUpTabs(byId("parts"), (tab) => remember("part", tab.dataset.part));
  const open = (part) => {
    choose(byId(`tab-${part}`));
    remember("part", part);
  };
  open(recall("part", "live") === "analyze" ? "analyze" : "live");
  return open;
}

/** Cards stay open or folded as they were left. */
function keepCards() {
  const folded = recall("folded", matchMedia("(max-width: 700px)").matches ? ["card-view", "card-attention"] : []);
  for (const card of document.querySelectorAll("details.card")) {
    card.open = card.id === "card-options" ? recall("options-open", matchMedia("(min-width: 900px)").matches) : !folded.includes(card.id);
    card.addEventListener("toggle", () => {
      remember("options-open", byId("card-options").open);
      remember("folded", [...document.querySelectorAll("details.card:not([open])")].map((one) => one.id));
    });
  }
}

/** Ask again what there is to choose from; a server that was started with something else gets a new page. */
async function renew(live) {
  const options = await ask("options").catch(() => null); // the next start of the live view asks again
  if (!options) return;
  const fixed = ({ version, models, sources }) => JSON.stringify([version, models.map((one) => one.name), sources.map((one) => one.id)]);
  if (fixed(options) !== fixed(live.options)) location.reload();
  else live.offer(options);
}

function connect(live, picture, cover) {
  let wasLost = false;
  const socket = new LiveSocket({
    async onFrame(header, jpeg) {
      live.take(header.status);
      await picture.draw(header, jpeg);
      cover.sawPicture();
    },
    onStatus: (status) => live.take(status),
    onLink(state, seconds, isFull) {
      showLink(state);
      if (state === "connecting") return;
      cover.setLost(state === "lost" ? seconds : null, isFull);
      if (state === "open" && wasLost) {
        notice("Connected again.");
        window.dispatchEvent(new Event("reconnected"));
        renew(live);
      }
      wasLost = state === "lost" || (wasLost && state !== "open");
      if (state === "lost") signedIn().catch(() => {}); // a server that was started again may have another token
    },
  });
  live.watchChanges(({ phase, model }) => [phase, model], ({ phase }) => phase === "running" && renew(live));
  cover.reconnect = () => socket.again();
  const signInAgain = () => signedIn().then(() => socket.again(), () => {});
  window.addEventListener("signed-out", signInAgain);
  window.addEventListener("hashchange", signInAgain); // an address with a token, opened in the page that is there already
  socket.open();
}

async function begin() {
  setUpTheme();
  const open = setUpParts();
  const live = new LiveState();
  const cover = new Cover(live, () => {});
  const picture = new Picture(live);
  cover.show();
  showNothing(byId("result"));
  await untilDone(signedIn);
  live.options = await untilDone(() => ask("options"));
  const does = liveActions(live, new Recordings(live));
  setUpStatusBar(live);
  setUpActions(live, does);
  setUpSeek(live);
  setUpControls(live, does);
  setUpObjects(live);
  setUpAttention(live);
  setUpKeys(live, does);
  new Upload(new AnalyzeOptions(live.options), live.options.limits, () => open("analyze"));
  keepCards();
  connect(live, picture, cover);
  setText(byId("version"), `heatcam ${live.options.version}`);
  document.body.dataset.ready = "true";
}

begin();

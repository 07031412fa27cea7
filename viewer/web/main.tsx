/** The start of the pages: the only module that acts by being loaded. */
import "./styles/tokens.css";
import "./styles/palette.css";
import "./styles/base.css";
import "./styles/overview.css";
import "./styles/sums.css";
import "./styles/host.css";
import "./styles/alerts.css";
import { render } from "preact";
import { App } from "./app.jsx";
import { startClock } from "./state/clock.js";
import { startLive } from "./state/live.js";
import { startRouter } from "./state/router.js";

startRouter();
startClock();
startLive();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);

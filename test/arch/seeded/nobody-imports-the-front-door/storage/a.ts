import "../grate.js";

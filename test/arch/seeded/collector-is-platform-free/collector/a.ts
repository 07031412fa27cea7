import { connect } from "node:net";
export const a = connect;

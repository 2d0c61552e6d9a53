/**
 * The client that the hosts are tried with. To switch from the stub to the real one, replace the last two lines by
 *
 *     export { fetchUpdate, planUpdate } from "rsync-streams/http";
 *     export const isStub = false;
 */
export { fetchUpdate, planUpdate } from "./_stub_client.ts";
/** Whether it is the stub, of which no more is expected than a full download. */
export const isStub = true;

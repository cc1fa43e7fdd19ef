import { DEFAULT_PAPER_SETTINGS } from "../../../src/domain/trading/broker/paper-broker.ts";
import { createPaperDesk } from "../../../src/domain/trading/broker/paper-desk.ts";
import { deskContract } from "../../helpers/trading/desk-contract.ts";
import { createVenue } from "../../helpers/trading/venue-desk.ts";

deskContract("the paper broker", () => ({
  open: (working) => createPaperDesk(DEFAULT_PAPER_SETTINGS, working),
  fill() {},
}));

deskContract("a venue", () => {
  const venue = createVenue();
  return { open: () => venue.connect(), fill: () => venue.fillAll() };
});

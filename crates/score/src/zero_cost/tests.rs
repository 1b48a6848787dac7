mod by_hand;
mod networks;
mod refusals;
mod targets;
mod tiny;

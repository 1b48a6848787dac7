mod by_hand;
mod networks;
mod refusals;
mod tiny;

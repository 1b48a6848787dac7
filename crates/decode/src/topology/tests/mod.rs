mod brute;
mod golden;
mod refused;

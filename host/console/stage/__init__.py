"""What plugins draw: their slots, dialogs, frames and notices, each inside a region that it cannot leave."""

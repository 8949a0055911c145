//! A WHIP speaker that plays a file.

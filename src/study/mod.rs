//! The referee and the answer sheet.

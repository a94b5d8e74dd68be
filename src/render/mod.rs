//! The one renderer: session to plan, plan to master tap.

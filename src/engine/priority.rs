//! Real-time priority for the audio thread, where the system grants it.

/// What the system answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Priority {
    /// `SCHED_FIFO` at this priority.
    RealTime(i32),
    /// Refused: the words of the system and the mend.
    Refused(String),
}

/// `SCHED_FIFO` priority asked for: above ordinary programs, below the kernel's own interrupt threads (50).
#[cfg(target_os = "linux")]
const WANTED: i32 = 40;

/// Asks for real-time priority for the calling thread, if it has none yet (a JACK server gives its own). Two system calls;
/// call it once, from a thread's first callback.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the scheduler is reached through libc only")]
pub(super) fn raise() -> Result<i32, i32> {
    let mut param = libc::sched_param { sched_priority: 0 };
    let mut policy = 0;
    // SAFETY: both pointers are to locals that outlive the calls; the thread is the calling one.
    let answer = unsafe {
        let this = libc::pthread_self();
        let known = libc::pthread_getschedparam(this, &raw mut policy, &raw mut param);
        if known == 0 && policy != libc::SCHED_OTHER && param.sched_priority > 0 {
            return Ok(param.sched_priority);
        }
        param.sched_priority = WANTED;
        libc::pthread_setschedparam(this, libc::SCHED_FIFO, &raw const param)
    };
    if answer == 0 { Ok(WANTED) } else { Err(answer) }
}

/// Other systems raise the priority of audio threads themselves.
#[cfg(not(target_os = "linux"))]
pub(super) fn raise() -> Result<i32, i32> {
    Err(0)
}

/// The answer in words.
pub(super) fn in_words(answer: Result<i32, i32>) -> Priority {
    match answer {
        Ok(priority) => Priority::RealTime(priority),
        Err(error) => Priority::Refused(format!(
            "no real-time priority for the audio thread ({}); on Linux an “rtprio” limit in /etc/security/limits.d grants it",
            std::io::Error::from_raw_os_error(error)
        )),
    }
}

/// Whether this process may raise its audio thread: tried on a thread of its own.
pub fn probe() -> Priority {
    let tried = std::thread::Builder::new().name("gm-priority".to_owned()).spawn(raise);
    in_words(tried.ok().and_then(|t| t.join().ok()).unwrap_or(Err(0)))
}

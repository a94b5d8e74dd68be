//! Priorities of threads: real time for the one that makes sound, where the system grants it; less than usual for the
//! ones whose work can wait. Always that of the calling thread.

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

/// What is added to the niceness of background work: with it about a tenth of the processor against a thread of ordinary priority that wants it too.
#[cfg(target_os = "linux")]
const BACKGROUND: i32 = 10;

/// Asks for real-time priority, if the thread has none yet (a JACK server gives its own). Two system calls; call it once,
/// from a thread's first callback.
///
/// # Errors
/// The system's error number; 0 where systems see to it themselves.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the scheduler is reached through libc only")]
pub fn raise() -> Result<i32, i32> {
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
///
/// # Errors
/// Always 0.
#[cfg(not(target_os = "linux"))]
pub fn raise() -> Result<i32, i32> {
    Err(0)
}

/// Makes the thread, and those it starts, give way to every other: exports and measurements never take the processor from
/// the threads that read ahead and prepare for the audio thread.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "niceness is reached through libc only")]
pub fn lower() {
    // SAFETY: no pointers; on Linux it concerns the calling thread alone. Never refused: everybody may give way.
    unsafe { libc::nice(BACKGROUND) };
}

/// Other systems are left to share out the processor as they do.
#[cfg(not(target_os = "linux"))]
pub fn lower() {}

/// The answer of [`raise`] in words.
pub fn in_words(answer: Result<i32, i32>) -> Priority {
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

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// Niceness of the calling thread as the kernel tells it: field 19 of its `stat`.
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, after_name) = stat.rsplit_once(") ").unwrap();
        after_name.split_whitespace().nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn a_lowered_thread_and_its_children_give_way_and_no_other() {
        let before = niceness();
        let lowered = std::thread::Builder::new().spawn(|| {
            lower();
            let child = std::thread::Builder::new().spawn(niceness).unwrap();
            (niceness(), child.join().unwrap())
        });
        let nicer = (before + BACKGROUND).min(19);
        assert_eq!(lowered.unwrap().join().unwrap(), (nicer, nicer));
        assert_eq!(niceness(), before);
    }
}

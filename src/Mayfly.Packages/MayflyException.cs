using Mayfly.Packages.Transfer;

namespace Mayfly;

/// <summary>
/// A failure that a user can cause and mend: bad input, a lost network, a full disk. It is shown as one message
/// and a hint, without a stack trace; any other exception is a bug and shows one.
/// </summary>
/// <param name="message">What failed and why, naming the thing; a sentence without a full stop's worth of jargon. Passwords in addresses are not shown.</param>
/// <param name="hint">What to do next; printed on a line of its own as <c>hint: …</c>.</param>
/// <param name="inner">The cause, when there is one.</param>
public class MayflyException(string message, string? hint = null, Exception? inner = null) : Exception(Login.Shown(message), inner)
{
    /// <summary>What to do next, or null when the message says it all.</summary>
    public string? Hint { get; } = hint;

    /// <summary>The exit code that the process ends with; see docs/reference/exit-codes.md.</summary>
    public virtual int ExitCode => 1;
}

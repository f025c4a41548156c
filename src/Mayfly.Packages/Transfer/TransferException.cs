namespace Mayfly.Packages.Transfer;

/// <summary>One attempt at one place failed.</summary>
/// <param name="message">Why, to be read behind the place's address.</param>
/// <param name="transient">True when trying again may help.</param>
internal sealed class TransferException(string message, bool transient, Exception? inner = null) : Exception(message, inner)
{
    public bool Transient { get; } = transient;

    /// <summary>True when the place was reached and has no such file.</summary>
    public bool Missing { get; init; }

    /// <summary>True when the bytes were not those that were asked for.</summary>
    public bool Wrong { get; init; }

    /// <summary>True when the place was not asked, since no network is to be used.</summary>
    public bool Offline { get; init; }

    /// <summary>What to do when the place wants to know who asks, or does not know whom it was told; null for other failures.</summary>
    public string? LoginHint { get; init; }

    /// <summary>How a name and a password may be said.</summary>
    public const string UsualLoginHint = "write them into the address, as in https://NAME:PASSWORD@HOST/simple/ (other signs than letters and digits as %40), or into ~/.netrc: machine HOST login NAME password PASSWORD";

    /// <summary>How long the server asks us to wait.</summary>
    public TimeSpan? After { get; init; }
}

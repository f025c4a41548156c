namespace Mayfly;

/// <summary>
/// One piece of long work as its user sees it: reported through <see cref="IProgress{T}"/> when it begins, while it goes on
/// and when it ends. The same <see cref="Name"/> is the same piece of work.
/// </summary>
/// <param name="Name">What is being done, in the user's words: <c>fetch packages</c>, <c>start web.1</c>.</param>
/// <param name="Detail">What it is busy with now, or how it ended: <c>libc6</c>, <c>176 packages, 123 MB</c>.</param>
public sealed record Activity(string Name, string? Detail = null)
{
    /// <summary>How much is done, in the unit of <see cref="Total"/>.</summary>
    public long Done { get; init; }

    /// <summary>How much there is to do; 0 when it is not known.</summary>
    public long Total { get; init; }

    /// <summary>True for what people must know as soon as it begins: why nothing goes on.</summary>
    public bool AtOnce { get; init; }

    /// <summary>True on the last report of this piece of work.</summary>
    public bool Ended { get; init; }
}

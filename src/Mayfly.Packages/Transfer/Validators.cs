namespace Mayfly.Packages.Transfer;

/// <summary>How a place names the state of a file (RFC 9110, section 8.8): its entity tag, its time of change, or neither.</summary>
internal sealed record Validators(string? Tag, string? Modified)
{
    /// <summary>True to ask for the file only if it changed.</summary>
    public bool Conditional { get; init; }

    public bool Any => Tag is not null || Modified is not null;

    /// <summary>What If-Range may hold: a strong tag or a date (RFC 9110, section 13.1.5).</summary>
    public string? ForRange => Tag is { } tag && !tag.StartsWith("W/", StringComparison.Ordinal) ? tag : Modified;
}

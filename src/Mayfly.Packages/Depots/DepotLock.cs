namespace Mayfly.Packages.Depots;

/// <summary>One lock that was published into a depot.</summary>
/// <param name="Name">What it is listed under: the name of its stack's folder.</param>
/// <param name="Sha256">Of the lock file; it lies at <c>dists/locks/HASH.lock</c>, and one of Python's at <c>dists/locks/pylock.HASH.toml</c>, as PEP 751 has such files called.</param>
/// <param name="Published">When it was last published, to the second.</param>
public sealed record DepotLock(string Name, string Sha256, DateTimeOffset Published)
{
    /// <summary>True for a <c>pylock.toml</c>, which has wheels alone.</summary>
    public bool IsPython { get; init; }

    internal string Path => IsPython ? $"dists/locks/pylock.{Sha256}.toml" : $"dists/locks/{Sha256}.lock";

    /// <summary>A folder's name as a lock's: what a line of the list can hold.</summary>
    public static string NameOf(string folder)
    {
        var name = string.Concat(System.IO.Path.GetFileName(System.IO.Path.GetFullPath(folder)).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' ? c : '-'));
        return name.Length > 0 ? name : "stack";
    }
}

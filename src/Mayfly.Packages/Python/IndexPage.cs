namespace Mayfly.Packages.Python;

/// <summary>What an index says of one project.</summary>
public sealed record IndexPage
{
    /// <summary>What is asked for: JSON rather than HTML, as PEP 691 has it.</summary>
    public const string Accept = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

    public IReadOnlyList<IndexFile> Files { get; init; } = [];

    /// <summary>Reads a page.</summary>
    /// <param name="bytes">What the index sent.</param>
    /// <param name="contentType">What it says that this is; an older index says <c>text/html</c>.</param>
    /// <param name="address">Where the page was found in the end, since its links are meant from there.</param>
    /// <exception cref="MayflyException">It cannot be read, or is of a version that is not known.</exception>
    public static IndexPage Read(ReadOnlyMemory<byte> bytes, string contentType, Uri address) =>
        MediaType(contentType) switch
        {
            IndexJson.MediaType or "application/json" => IndexJson.Read(bytes, address),
            var type when IsHtml(type) => IndexHtml.Read(bytes, address),
            var other => throw new MayflyException($"{address} answered with {(other.Length == 0 ? "something that it has no word for" : other)}, which is no index page", Hint),
        };

    /// <summary>True for what is read as HTML.</summary>
    internal static bool IsHtml(string contentType) => MediaType(contentType) is "application/vnd.pypi.simple.v1+html" or "text/html" or "application/xhtml+xml";

    private static string MediaType(string contentType) => contentType.Split(';')[0].Trim().ToLowerInvariant();

    internal const string Hint = "look whether this is the index's address; it ends in /simple/ as a rule";

    /// <summary>True for an address that files are fetched from.</summary>
    internal static bool IsFetched(Uri address) => address.Scheme is "https" or "http" or "file";

    /// <summary>An index of a later main version says what this one cannot understand; PEP 629.</summary>
    internal static void RefuseUnknown(string? version, Uri address)
    {
        if (version is not null && version.Split('.')[0] != "1")
            throw new MayflyException($"{address} is of version {version} of the index's protocol, and only version 1 is known", "use a newer Mayfly, or another index");
    }
}

using System.Text;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python;

/// <summary>An address that a distribution comes from in the place of an index: an archive or a folder, on this host or another (PEP 440, "Direct references").</summary>
public sealed record DirectReference
{
    /// <summary>By these algorithms pip verifies what a fragment says, the first one that is there.</summary>
    private static readonly string[] Algorithms = ["sha512", "sha384", "sha256", "sha224", "sha1", "md5"];

    private static readonly string[] Schemes = ["https:", "http:", "file:"];

    private static readonly string[] ArchiveEndings = [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar"];

    /// <summary>As it was written, with its fragment: by this two requirements are for the same thing.</summary>
    public required string Text { get; init; }

    /// <summary>Without a fragment, otherwise as it was written: <c>direct_url.json</c> shall have what pip would write.</summary>
    public required string Url { get; init; }

    /// <summary>True for a folder of this host.</summary>
    public bool IsFolder { get; init; }

    /// <summary>True when the folder is used where it is (PEP 660).</summary>
    public bool IsEditable { get; init; }

    /// <summary>Where in it the project is; null for its root.</summary>
    public string? Subdirectory { get; init; }

    /// <summary>True for a repository of git (<c>git+https://…@v1</c>).</summary>
    public bool IsRepository { get; init; }

    /// <summary>The branch, tag or commit that is asked for; null for what its owner has chosen.</summary>
    public string? Revision { get; init; }

    /// <summary>What the revision is, once that is known, or a lock says it.</summary>
    public string? Commit { get; init; }

    /// <summary>True for an archive: what a folder or a repository has is no one file.</summary>
    public bool HasDigest => !IsFolder && !IsRepository;

    /// <summary>What the archive must have; null where the fragment says none.</summary>
    public (string Algorithm, string Digest)? Hash { get; init; }

    /// <summary>The project that it is said to be, by a requirement, or by its fragment (<c>egg</c>), an old way to do so; null for none.</summary>
    public ProjectName? Project { get; init; }

    public Uri Address => new(Url);

    /// <summary>The folder's path, or the file's; null for another host's.</summary>
    public string? Path => !IsRepository && Address.IsFile ? Uri.UnescapeDataString(Url[Url.IndexOf('/', "file://".Length)..]) : null;

    /// <summary>Of the archive, or the folder's; of a repository what an archive of it is called.</summary>
    public string FileName => IsRepository ? $"{RepositoryName}.tar" : Path is { } path ? System.IO.Path.GetFileName(path.TrimEnd('/')) : Uri.UnescapeDataString(Address.Segments[^1].TrimEnd('/'));

    public bool IsWheel => HasDigest && FileName.EndsWith(WheelName.Extension, StringComparison.Ordinal);

    /// <summary>How it is called in messages.</summary>
    public string Name => IsFolder ? Path! : IsRepository ? Place : FileName;

    /// <summary>The address as anybody may see it.</summary>
    public string Place => Login.Shown(IsRepository ? Text.Split('#')[0] : Url);

    private string RepositoryName
    {
        get
        {
            var name = Uri.UnescapeDataString(Address.Segments[^1].TrimEnd('/'));
            return name.EndsWith(".git", StringComparison.Ordinal) && name.Length > 4 ? name[..^4] : name.Length > 0 && name is not ("." or "..") && !name.Contains('/', StringComparison.Ordinal) ? name : "repository";
        }
    }

    /// <param name="text">An address, perhaps with a fragment: <c>subdirectory</c>, a digest, <c>egg</c>.</param>
    /// <param name="isEditable">True when the folder is used where it is.</param>
    /// <exception cref="MayflyException">It is none from which something can be installed.</exception>
    public static DirectReference Read(string text, bool isEditable = false)
    {
        if (IsVersionControl(text))
            return OfRepository(text, isEditable);
        var hash = text.IndexOf('#');
        var url = hash < 0 ? text : text[..hash];
        if (!IsAddress(url) || url.Contains('\0', StringComparison.Ordinal) || url.Contains("%00", StringComparison.Ordinal) || !Uri.TryCreate(url, UriKind.Absolute, out var address) || (address.IsFile && !url.StartsWith("file:///", StringComparison.OrdinalIgnoreCase)))
            throw new MayflyException($"{text} is no address that something can be installed from", "an address begins with https://, http:// or file:///");
        // As Python's urlsplit has it.
        url = $"{address.Scheme}{url[address.Scheme.Length..]}";
        // A step up is taken before anything else.
        if (address.IsFile && url.Contains("../", StringComparison.Ordinal))
            url = OfPath(System.IO.Path.GetFullPath(Uri.UnescapeDataString(url["file://".Length..])));
        var reference = new DirectReference { Text = text, Url = url }.WithFragment();
        if (reference.Path is not { } path || !Directory.Exists(path))
        {
            return isEditable ? throw new MayflyException($"{text} cannot be used where it is: it is {(reference.Path is null ? "on another host" : "no folder that is there")}", "-e takes a folder of this host") : !IsArchive(reference.FileName)
                ? throw new MayflyException($"{text} is neither a wheel nor an archive of sources{(reference.Path is null ? "" : ", nor a folder that is there")}", $"such a file ends in {string.Join(", ", ArchiveEndings)}") : reference;
        }

        // As pip has it, what is used where it is is the folder of the project itself.
        return isEditable ? reference with { IsFolder = true, IsEditable = true, Url = OfPath(System.IO.Path.GetFullPath($"{path}/{reference.Subdirectory}")), Subdirectory = null } : reference with { IsFolder = true };
    }

    private DirectReference WithFragment()
    {
        var reference = this;
        var hash = Text.IndexOf('#');
        foreach (var part in hash < 0 ? [] : Text[(hash + 1)..].Split('&'))
        {
            var (name, value) = part.IndexOf('=') is > 0 and var equals ? (part[..equals], Uri.UnescapeDataString(part[(equals + 1)..])) : (part, "");
            reference = name switch
            {
                "subdirectory" => reference with { Subdirectory = string.Join('/', value.Split('/').Where(static part => part is not ("" or "."))) is { Length: > 0 } inside ? inside : null },
                "egg" when value.Split('[')[0] is var egg && ProjectName.IsValid(egg) => reference with { Project = ProjectName.Parse(egg) },
                _ when !IsRepository && Algorithms.Contains(name) && (reference.Hash is not { } said || Array.IndexOf(Algorithms, name) < Array.IndexOf(Algorithms, said.Algorithm)) => reference with { Hash = (name, value.ToLowerInvariant()) },
                _ => reference,
            };
        }

        if (reference.Subdirectory is { } leading && leading.Split('/').Contains(".."))
            throw new MayflyException($"{Text} names a subdirectory that leads out of it", "name a folder in it");
        return reference;
    }

    /// <summary>As pip takes it apart: what stands behind the last <c>@</c> of the path is the revision.</summary>
    private static DirectReference OfRepository(string text, bool isEditable)
    {
        if (!text.StartsWith("git+", StringComparison.OrdinalIgnoreCase))
            throw new MayflyException($"{Login.Shown(text)} leads to a repository of a version control system that mayfly does not know", "git it knows (git+https://…); clone it and name the folder, or name an archive of it");
        if (isEditable)
            throw new MayflyException($"{Login.Shown(text)} cannot be used where it is: it is no folder of this host", "leave out -e; or clone it and name the folder");
        var url = text["git+".Length..].Split('#')[0];
        var scheme = Math.Max(0, url.IndexOf("://", StringComparison.Ordinal));
        var path = scheme == 0 ? -1 : url.IndexOf('/', scheme + 3);
        if (path < 0 || url[..scheme].ToLowerInvariant() is not ("https" or "http" or "ssh" or "file") || url.Contains('\0', StringComparison.Ordinal) || !Uri.TryCreate(url, UriKind.Absolute, out _))
            throw new MayflyException($"{Login.Shown(text)} is no address of a repository", "it is written git+https://HOST/PATH, git+ssh://git@HOST/PATH or git+file:///PATH, with @REVISION behind it");
        var at = url.LastIndexOf('@') is var sign && sign > path ? sign : -1;
        var revision = at < 0 ? null : Uri.UnescapeDataString(url[(at + 1)..]);
        // It becomes a word of git's, and nothing that git would take for something else.
        if (revision is not null && (revision.Length == 0 || revision[0] == '-' || revision.AsSpan().IndexOfAny(" ~^:?*[\\\0\n") >= 0 || revision.Contains("..", StringComparison.Ordinal)))
            throw new MayflyException($"'{revision}' in {Login.Shown(text)} is no revision", "name a branch, a tag or a commit");
        return new DirectReference { Text = text, Url = at < 0 ? url : url[..at], IsRepository = true, Revision = revision }.WithFragment();
    }

    /// <summary>The address of a path, as Python's <c>pathname2url</c> writes it: everything but letters, digits and <c>_.-~/</c> is escaped.</summary>
    public static string OfPath(string path)
    {
        var text = new StringBuilder("file://");
        foreach (var one in Encoding.UTF8.GetBytes(path.Length > 1 ? path.TrimEnd('/') : path))
        {
            if (char.IsAsciiLetterOrDigit((char)one) || one is (byte)'_' or (byte)'.' or (byte)'-' or (byte)'~' or (byte)'/')
                text.Append((char)one);
            else
                text.Append($"%{one:X2}");
        }

        return text.ToString();
    }

    public static bool IsAddress(string text) => Array.Exists(Schemes, scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    /// <summary>Git, Mercurial, Subversion and Bazaar, by the schemes that pip knows.</summary>
    public static bool IsVersionControl(string text) => text.IndexOf(':') is > 0 and var colon && text[..colon].ToLowerInvariant().Split('+')[0] is "git" or "hg" or "svn" or "bzr" or "ssh" or "sftp";

    public static bool IsArchive(string name) => Array.Exists(ArchiveEndings, ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
}

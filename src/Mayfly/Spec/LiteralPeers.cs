using System.IO.Enumeration;
using System.Net;
using System.Text.RegularExpressions;

namespace Mayfly.Spec;

/// <summary>
/// Finds peers named by a literal address or <c>localhost</c> in what a stack supplies. Such a component could never move:
/// hostnames alone are relocatable. Lines that say where to listen, how to check health or whom to admit are exempt, and so
/// are comments and documentation.
/// </summary>
internal static partial class LiteralPeers
{
    private const long LargestConfiguration = 1 << 20;

    /// <summary>Program text names addresses for many reasons; there only a URL or a host setting counts.</summary>
    private static readonly HashSet<string> ProgramEndings = new(StringComparer.OrdinalIgnoreCase)
    {
        ".py", ".cs", ".js", ".ts", ".rb", ".php", ".sh", ".go", ".java", ".html", ".sql", ".css",
    };

    private static readonly HashSet<string> DocumentEndings = new(StringComparer.OrdinalIgnoreCase) { ".md", ".rst", ".txt", ".svg", ".po" };

    /// <exception cref="MayflyException">A variable names a peer by address.</exception>
    public static void RequireNone(string owner, IReadOnlyDictionary<string, string> environment)
    {
        foreach (var (variable, value) in environment)
        {
            if (FindIn($"{variable}={value}", program: false) is { } literal)
                throw Refused($"{owner}, variable {variable}", literal);
        }
    }

    /// <exception cref="MayflyException">A line of the text names a peer by address.</exception>
    public static void RequireNone(string name, string text)
    {
        if (DocumentEndings.Contains(Path.GetExtension(name)))
            return;
        var program = ProgramEndings.Contains(Path.GetExtension(name));
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (FindIn(line.ToString(), program) is { } literal)
                throw Refused($"{name}:{number}", literal);
        }
    }

    /// <exception cref="MayflyException">A text file at or below the path names a peer by address.</exception>
    public static void RequireNoneBelow(string path, string relativeTo, IReadOnlyList<string> except)
    {
        if (File.Exists(path))
        {
            RequireNoneIn(path, relativeTo);
            return;
        }

        foreach (var entry in Directory.EnumerateFileSystemEntries(path).Order(StringComparer.Ordinal))
        {
            if (!except.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(entry))) && new FileInfo(entry).LinkTarget is null)
                RequireNoneBelow(entry, relativeTo, except);
        }
    }

    private static void RequireNoneIn(string file, string relativeTo)
    {
        if (new FileInfo(file).Length > LargestConfiguration)
            return;
        var bytes = File.ReadAllBytes(file);
        if (!bytes.AsSpan().Contains((byte)0))
            RequireNone(Path.GetRelativePath(relativeTo, file), System.Text.Encoding.UTF8.GetString(bytes));
    }

    /// <summary>The literal that a line names a peer by, or null.</summary>
    internal static string? FindIn(string line, bool program)
    {
        if (Comment().IsMatch(line) || Exempt().IsMatch(line))
            return null;
        foreach (Match match in (program ? PeerInProgram() : Literal()).Matches(line))
        {
            var host = match.Groups["host"].Value;
            if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
                return host;
            // 0.0.0.0 and :: mean every address of one's own; four numbers that are no address are a version.
            if (IPAddress.TryParse(host.Trim('[', ']'), out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
                return host;
        }

        return null;
    }

    private static MayflyException Refused(string where, string literal) => new(
        $"{where} names a peer by the address {literal}",
        "use the component's hostname, such as {{ orders.host }} in a template or the variable that .Uses(…) gives; then it can move");

    [GeneratedRegex(@"^\s*(#|//|;|--|\*|<!--|""""""|/\*)")]
    private static partial Regex Comment();

    /// <summary>Where to listen, how to check health, whom to admit or trust, and networks in prefix notation.</summary>
    [GeneratedRegex(@"\b(bind\w*|listen\w*|interfaces?|allow\w*|deny|access|acl|require\s+(ip|local|host)|trust\w*|internal_ips|health\w*|resolver|real_ip\w*|set_real_ip_from|server_name|servername|protected-mode|remoteip\w*|permit|host(no)?ssl|mynetworks)\b|^\s*host\s+\S+\s+\S+\s+\S+/\d|(\d+\.){3}\d+/\d+", RegexOptions.IgnoreCase)]
    private static partial Regex Exempt();

    [GeneratedRegex(@"(?<![\w.:/-])(?:[a-z][a-z0-9+.-]*://)?(?:[^\s/@'""=]*@)?(?<host>localhost|(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:]*:[0-9a-f:]+\])(?![\w.-])", RegexOptions.IgnoreCase)]
    private static partial Regex Literal();

    [GeneratedRegex(@"(?:[a-z][a-z0-9+.-]*://(?:[^\s/@'""]*@)?|\b\w*(?:host|server|address|upstream|broker)\w*['""]?\s*[:=]\s*['""])(?<host>localhost|(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:]*:[0-9a-f:]+\])(?![\w.-])", RegexOptions.IgnoreCase)]
    private static partial Regex PeerInProgram();
}

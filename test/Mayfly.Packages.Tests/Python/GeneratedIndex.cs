using System.Buffers.Text;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Mayfly.Packages.Tests.Python;

/// <summary>A simple repository in a folder, of small whole wheels whose projects need one another in ways that a seed decides.</summary>
internal sealed class GeneratedIndex : IDisposable
{
    private static readonly string[] Versions = ["0.9", "1.0.dev3", "1.0", "1.1", "1.1.post1", "2.0rc1", "2.0", "2.1", "3.0b2", "3.0"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-index-");
    private readonly Random _random;

    private readonly bool _isForMany;

    /// <param name="seed">Decides everything.</param>
    /// <param name="projects">How many.</param>
    /// <param name="forMany">True for wheels and markers that differ by interpreter and system more than one interpreter would notice.</param>
    public GeneratedIndex(int seed, int projects, bool forMany = false)
    {
        _isForMany = forMany;
        _random = new Random(seed);
        Projects = [.. Enumerable.Range(0, projects).Select(static number => $"part-{(char)('a' + number)}")];
        foreach (var project in Projects)
            WriteProject(project);
    }

    public IReadOnlyList<string> Projects { get; }

    public Uri Address => new($"file://{_folder.FullName}/");

    /// <summary>A few of its projects, perhaps with versions and extras.</summary>
    public string[] Some(int most) => [.. Enumerable.Range(0, 1 + _random.Next(most)).Select(_ => Wanted(Projects[_random.Next(Projects.Count)])).DistinctBy(static wanted => wanted.Split('[', '<', '>', '=', '!', '~')[0])];

    /// <summary>All its wheels in one folder.</summary>
    public string Links()
    {
        var links = _folder.CreateSubdirectory("links").FullName;
        foreach (var wheel in Directory.GetFiles(_folder.FullName, "*.whl", SearchOption.AllDirectories).Where(path => !path.StartsWith(links, StringComparison.Ordinal)))
            File.Copy(wheel, $"{links}/{Path.GetFileName(wheel)}", overwrite: true);
        return links;
    }

    /// <summary>A requirements file beside the projects.</summary>
    public string Requirements(string text)
    {
        var path = $"{_folder.FullName}/requirements-{_random.Next()}.txt";
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The same, each perhaps with a marker.</summary>
    public string[] SomeWhere(int most) => [.. Some(most).Select(wanted => wanted + Marker().Replace("extra == 'more'", "os_name == 'posix'", StringComparison.Ordinal))];

    public string[] Constraints() => [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Projects[_random.Next(Projects.Count)]).Distinct().Select(project => project + One("<3", "!=2.0", ">=1.0", "<=1.1"))];

    public void Dispose() => _folder.Delete(recursive: true);

    private void WriteProject(string project)
    {
        var folder = _folder.CreateSubdirectory(project).FullName;
        var page = new StringBuilder("<!DOCTYPE html><html><body>\n");
        foreach (var version in Versions.Where(_ => _random.Next(10) < 6))
        {
            var python = _isForMany ? One("", "", "", "", "", ">=3.9", ">=3.10.3", "<3.12", "!=3.9.2,>=3.8") : One("", "", "", "", ">=3.8", ">=3.12", "<3.11");
            var name = $"{project.Replace('-', '_')}-{version}-{One("py3-none-any", "py3-none-any", "py3-none-any", "py2.py3-none-any", "cp311-cp311-manylinux_2_17_x86_64", "cp310-cp310-win_amd64", "cp38-abi3-manylinux_2_28_x86_64")}.whl";
            string[] more = _isForMany && !name.EndsWith("-any.whl", StringComparison.Ordinal) && _random.Next(3) > 0 ? [$"{project.Replace('-', '_')}-{version}-{One("cp39-abi3-win_amd64", "py3-none-macosx_11_0_universal2", "cp39-abi3-manylinux_2_17_aarch64", "py3-none-any")}.whl"] : [];
            File.WriteAllBytes($"{folder}/{name}", Wheel(project, version, python));
            var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes($"{folder}/{name}")));
            var yanked = _random.Next(12) == 0 ? " data-yanked=\"broken\"" : "";
            var said = WebUtility.HtmlEncode(One(python, python, ""));
            page.Append($"<a href=\"{name}#sha256={hash}\" data-requires-python=\"{said}\"{yanked}>{name}</a>\n");
            foreach (var other in more)
            {
                File.Copy($"{folder}/{name}", $"{folder}/{other}");
                page.Append($"<a href=\"{other}#sha256={hash}\" data-requires-python=\"{said}\"{yanked}>{other}</a>\n");
            }
        }

        File.WriteAllText($"{folder}/index.html", page.Append("</body></html>\n").ToString());
    }

    private byte[] Wheel(string project, string version, string python)
    {
        var metadata = new StringBuilder($"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n");
        if (python.Length > 0)
            metadata.Append($"Requires-Python: {python}\n");
        metadata.Append("Provides-Extra: more\n");
        for (var i = _random.Next(4); i > 0; i--)
        {
            if (Projects[_random.Next(Projects.Count)] is var other && other != project)
                metadata.Append($"Requires-Dist: {Wanted(other)}{(_isForMany ? Marker() : One("", "", "", " ; extra == 'more'", " ; python_version < '3.11'", " ; python_version >= '3.8'", " ; extra == 'more' and sys_platform == 'linux'"))}\n");
        }

        var stem = $"{project.Replace('-', '_')}-{version}.dist-info";
        (string Name, string Text)[] files = [($"{project.Replace('-', '_')}.py", "x = 1\n"), ($"{stem}/METADATA", metadata.ToString()), ($"{stem}/WHEEL", "Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n")];
        var record = string.Concat(files.Select(static file => $"{file.Name},sha256={Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(file.Text)))},{file.Text.Length}\n")) + $"{stem}/RECORD,,\n";
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files.Append(($"{stem}/RECORD", record)))
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return bytes.ToArray();
    }

    private string Wanted(string project) => $"{project}{One("", "", "", "[more]")}{One("", "", "", ">=1.0", "<2", "<3,>=1", "==1.1", "~=2.0", "!=2.0", "==2.*", ">=3", ">1.1", ">=2.0rc1", "<=1.0")}";

    private string Marker() => _random.Next(5) < 2 ? "" : $" ; {string.Join(One(" and ", " or "), Enumerable.Range(0, 1 + _random.Next(2)).Select(_ => One("python_version < '3.11'", "python_version >= '3.10'", "python_version in '3.9 3.11'",
        "python_full_version < '3.10.4'", "python_full_version >= '3.9.2'", "python_full_version != '3.11.1'", "implementation_version <= '3.9.5'", "sys_platform == 'win32'", "sys_platform != 'darwin'", "os_name == 'nt'",
        "platform_machine == 'aarch64'", "platform_machine in 'x86_64 AMD64'", "platform_system == 'Linux'", "extra == 'more'", "extra == 'more'", "implementation_name == 'pypy'")))}";

    private string One(params ReadOnlySpan<string> values) => values[_random.Next(values.Length)];
}

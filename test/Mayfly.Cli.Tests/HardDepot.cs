using Mayfly.Environments.Tests;

namespace Mayfly.Cli.Tests;

/// <summary>
/// A depot of wheels whose names an index must get right, made by commands from three locks; <c>exact.txt</c> and <c>pylock.toml</c> say what most of it is. Nobody changes it: who wants to, has a copy.
/// </summary>
public sealed class HardDepot : IAsyncLifetime
{
    /// <summary>Normal forms, local versions, epochs, several tags, a build number, and Debian's own two.</summary>
    public static readonly string[] Names = ["a-b-c==1.0", "epoch==1!2.0", "fast-extra==3", "local==1.0+deb.1", "numbered==1.0", "setuptools==66.1.1", "tagged==1.0", "wheel==0.38.4"];

    internal Folder Folder { get; } = new();

    public string Depot => $"{Folder.Path}/depot";

    /// <summary>Of the process: no index but what a test names.</summary>
    public static Dictionary<string, string?> Usual => new() { ["PIP_CONFIG_FILE"] = "/dev/null", ["PIP_NO_INDEX"] = null, ["PIP_FIND_LINKS"] = null, ["PIP_INDEX_URL"] = null, ["VIRTUAL_ENV"] = null, ["MAYFLY_DEPOT"] = null };

    public ValueTask InitializeAsync()
    {
        if (!File.Exists("/usr/share/python-wheels/wheel-0.38.4-py3-none-any.whl"))
            return ValueTask.CompletedTask;
        var wheels = $"{Folder.Path}/wheels";
        Wheel(Folder, "A.b_c", "1.0", new() { ["abc.py"] = "" });
        Wheel(Folder, "epoch", "1!2.0", new() { ["epoch.py"] = "" });
        Wheel(Folder, "fast_extra", "3", new() { ["fast/extra.py"] = "", ["fast/__init__.py"] = "" }, "Provides-Extra: speed\nRequires-Dist: numbered; extra == 'speed'\n");
        Wheel(Folder, "local", "1.0+deb.1", new() { ["local.py"] = "" });
        Wheel(Folder, "numbered", "1.0", new() { ["numbered.py"] = "" });
        File.Move($"{wheels}/numbered-1.0-py3-none-any.whl", $"{wheels}/numbered-1.0-7build-py3-none-any.whl");
        // Its own metadata have its name with capitals, as Django's.
        WheelFile.WriteWith(wheels, "tagged", "1.0", new Dictionary<string, string> { ["tagged.py"] = "" }, "Name: Tagged\n");
        File.Move($"{wheels}/tagged-1.0-py3-none-any.whl", $"{wheels}/tagged-1.0-py2.py3-none-any.whl");
        Wheel(Folder, "yanked", "1.0", new() { ["yanked.py"] = "" });
        Wheel(Folder, "yanked", "2.0", new() { ["yanked.py"] = "" });
        Wheel(Folder, "future", "1.0", new() { ["future.py"] = "" }, "Requires-Python: <3.12\n");
        foreach (var real in (string[])["setuptools-66.1.1-py3-none-any.whl", "wheel-0.38.4-py3-none-any.whl"])
            File.Copy($"/usr/share/python-wheels/{real}", $"{wheels}/{real}");
        var index = new Dictionary<string, string?> { ["PIP_INDEX_URL"] = StaticIndex.Write($"{Folder.Path}/index", wheels, new Dictionary<string, string> { ["yanked-2.0-py3-none-any.whl"] = "broken <there>" }) };
        Folder.With("requirements.txt", string.Concat(Names.Select(static one => $"{one}\n")));
        foreach (var command in (string[][])[["env", "lock", "-r", "requirements.txt"], ["env", "export", "--lock", "pylock.toml", "-o", "exact.txt"], ["depot", "key", "depot.key"], ["depot", "publish", "pylock.toml", "--to", "depot", "--key", "depot.key"]])
            Done(Mayfly(Folder, index, command));
        // Two of one project, of which one was withdrawn, come by a lock of their own each.
        foreach (var version in (string[])["1.0", "2.0"])
        {
            Folder.With("more/requirements.txt", $"yanked=={version}\nfuture\n");
            Done(Mayfly(Folder, index, "env", "lock", "-r", "more/requirements.txt", "-o", "more/pylock.toml", "--python", "/usr/bin/python3"));
            Done(Mayfly(Folder, index, "depot", "publish", "more", "--to", "depot", "--key", "depot.key", "--python", "/usr/bin/python3"));
        }

        return ValueTask.CompletedTask;

        static void Done(Invocation ended) => Assert.True(ended.ExitCode == 0, ended.Output + ended.Error);
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Puts a depot with the same in it, and its key, into another folder.</summary>
    internal void CopyTo(Folder folder) => Assert.Equal(0, Shell.Run(folder.Path, [], $"cp -a '{Depot}' '{Folder.Path}/depot.key' .").ExitCode);

    internal static Invocation Mayfly(Folder folder, Dictionary<string, string?> environment, params string[] words)
    {
        var all = Usual;
        all["PIP_NO_INDEX"] = environment.ContainsKey("PIP_INDEX_URL") ? null : "1";
        foreach (var (name, value) in environment)
            all[name] = value;
        return Invocation.Run(folder, all, words);
    }

    internal static void Wheel(Folder folder, string project, string version, Dictionary<string, string> files, string metadata = "") =>
        WheelFile.WriteWith(Directory.CreateDirectory($"{folder.Path}/wheels").FullName, project, version, files, $"Name: {project}\n{metadata}");

    /// <summary>A lock of these wheels, written by hand: what no resolver would choose together.</summary>
    internal static string Pylock(Folder folder, string[] projects) => "lock-version = '1.0'\ncreated-by = 'a test'\n" + string.Concat(projects.Select(project =>
    {
        var path = Directory.GetFiles($"{folder.Path}/wheels", $"{project}-*.whl").Single();
        return $"[[packages]]\nname = '{project}'\nwheels = [{{name = '{Path.GetFileName(path)}', url = '{new Uri(path).AbsoluteUri}', hashes = {{sha256 = '{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))}'}}}}]\n";
    }));
}

using Mayfly.Packages.Tests.Archives;

namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>
/// What the tests of faults share: one archive of real packages, one store in which the base is built, and the stack of
/// <c>stacks/faulty</c>, compiled once.
/// </summary>
public sealed class FaultGround : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-faults-");
    private readonly Workspace _workspace = new();

    /// <summary>Folders of tests go here.</summary>
    public string Folder => _folder.FullName;

    /// <summary>A new one, which goes with the others.</summary>
    public string NewFolder() => _folder.CreateSubdirectory(Guid.NewGuid().ToString("n")[..8]).FullName;

    public string StackFolder => _workspace.FolderOf("faulty");

    internal LocalArchive Archive { get; private set; } = null!;

    /// <summary>A store with the base built.</summary>
    public string Store => Path.Combine(_folder.FullName, "store");

    /// <summary>The configuration that names the archive as it is, by its folder.</summary>
    public string Configuration { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _workspace.Copy(Path.Combine(Tool.Repository, "examples"), "");
        _workspace.Copy(Path.Combine(Tool.Repository, "test/Mayfly.EndToEnd.Tests/stacks/faulty"), "faulty");
        Archive = new LocalArchive(Path.Combine(_folder.FullName, "archive"));
        await Archive.AddRealPackagesAsync();
        Archive.Add("lib", entries: ArchiveBuilder.File("./usr/share/lib/text", "lib"));
        Archive.Add("wants-old", "Depends: lib (= 1.0)\n", ArchiveBuilder.File("./usr/share/wants-old/text", "old"));
        Archive.Add("wants-new", "Conflicts: lib\n", ArchiveBuilder.File("./usr/share/wants-new/text", "new"));
        Archive.Add("claims", entries: ArchiveBuilder.File("./usr/share/lib/text", "mine"));
        Archive.Add("leaves-tree", entries: [ArchiveBuilder.Folder("./usr/"), ArchiveBuilder.File("./usr/../../etc/leaves-tree", "out")]);
        Archive.Add("absolute-name", entries: ArchiveBuilder.File("/etc/absolute-name", "out"));
        Archive.Add("through-own-link", entries: [ArchiveBuilder.Link("./opt/way", "/etc"), ArchiveBuilder.File("./opt/way/through-own-link", "out")]);
        Archive.Add("hard-link-out", entries: ArchiveBuilder.HardLink("./usr/share/shadow", "/etc/shadow"));
        Archive.Add("makes-way", entries: ArchiveBuilder.Link("./usr/share/way", "/proc/self/root/tmp"));
        Archive.Add("through-others-link", "Depends: makes-way\n", ArchiveBuilder.Folder("./usr/share/way/"), ArchiveBuilder.File("./usr/share/way/through-others-link", "out"));
        Archive.Add("device", entries: ArchiveBuilder.Entry('3', "./dev/device"));
        Archive.AddScript("fails", "echo about to fail; echo half > /etc/half; exit 7");
        Archive.AddScript("waits", "echo half > /etc/half; echo waiting; exec sleep 600");
        Archive.AddScript("fills", "echo filling; cat /dev/zero > /var/big");
        Archive.AddScript("heavy", "head -c 200000000 /dev/zero > /var/big");
        Archive.Publish();
        Configuration = Archive.WriteConfiguration(Path.Combine(_folder.FullName, "configuration"), new Uri($"file://{Archive.Folder}/"));
        (await BuildAsync(Store, Configuration, "lib")).Succeeded();
        // Compiled here, where NuGet reaches what it wants to ask.
        (await StackAsync("graph")).Succeeded();
    }

    /// <summary><c>mayfly image build</c> with a store and a configuration of its own.</summary>
    internal static Task<Ended> BuildAsync(string store, string configuration, string packages)
        => MayflyAsync(store, configuration, "image", "build", "--install", packages, "--name", "tried");

    internal static Task<Ended> MayflyAsync(string store, string configuration, params string[] arguments)
        => Tool.RunAsync(Path.Combine(Tool.Repository, "mayfly"), arguments, Environment(store, configuration));

    /// <summary>A verb of the stack, with what is wrong in it, outside of any host of its own.</summary>
    internal Task<Ended> StackAsync(string verb, string fault = "")
        => Tool.RunAsync(Path.Combine(Tool.Repository, "mayfly"), [verb, StackFolder], Environment(Store, Configuration, ("FAULT", fault)));

    internal static Dictionary<string, string> Environment(string store, string configuration, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string> { ["MAYFLY_STORE"] = store, ["XDG_CONFIG_HOME"] = configuration, ["MAYFLY_STALL"] = "1" };
        foreach (var (name, value) in more)
            environment[name] = value;
        return environment;
    }

    public ValueTask DisposeAsync()
    {
        _workspace.Dispose();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}

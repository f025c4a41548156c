using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tools;

namespace Mayfly.Benchmarks;

/// <summary>Where measuring happens: a folder of its own with a store of its own, so that no other store is touched.</summary>
/// <remarks>
/// What it keeps: <c>store/</c> with all that was fetched, from run to run; <c>work/</c>, emptied at the beginning and the end of
/// each. Everything is on one disk, as each side of a comparison must be.
/// </remarks>
internal sealed class Workshop : IDisposable
{
    public const string Codename = "bookworm";

    /// <summary>What the image of the comparison holds.</summary>
    public static readonly IReadOnlyList<string> Packages = ["nginx", "apache2", "libapache2-mod-wsgi-py3", "python3-django", "postgresql", "memcached"];

    private const string SetName = "image";

    private string? _released;

    private Workshop(string folder, TextWriter talk) => (Folder, Talk) = (folder, talk);

    public string Folder { get; }

    /// <summary>Says what goes on.</summary>
    public TextWriter Talk { get; }

    public string WorkFolder => Path.Combine(Folder, "work");

    public Store Store { get; private set; } = null!;

    /// <summary>The packages of the image, those of the base, and the programs that run instances; all of them fetched.</summary>
    public StackLock Lock { get; private set; } = null!;

    /// <summary>The sources that the host's own apt is configured with.</summary>
    public DebianSources Sources { get; private set; } = null!;

    public IReadOnlyList<LockedPackage> ImagePackages
    {
        get
        {
            var ids = Lock.Sets.Where(set => set.Name is SetRequest.Base or SetName).SelectMany(set => set.Stages).SelectMany(stage => stage.Packages).ToHashSet();
            return [.. Lock.Packages.Where(package => ids.Contains(package.Id))];
        }
    }

    /// <summary>The launcher of this clone.</summary>
    public static string Launcher => Path.Combine(Repository, "mayfly");

    /// <summary>The tool of a release of this clone, built when it is first asked for.</summary>
    public async Task<string> ReleaseAsync(CancellationToken cancellationToken)
    {
        if (_released is not null)
            return _released;
        Talk.WriteLine("build a release …");
        var archive = (await Outside.RunAsync([Path.Combine(Repository, "release")], cancellationToken)).Trim().Split('\n')[^1];
        await Outside.RunAsync(["tar", "-xzf", Path.Combine(Repository, archive), "-C", WorkFolder], cancellationToken);
        return _released = Path.Combine(WorkFolder, Path.GetFileName(archive)[..^".tar.gz".Length], "mayfly");
    }

    public static string Repository { get; } = Above(AppContext.BaseDirectory);

    /// <summary>Opens it, builds the tool when that is to run, and fetches what all figures need.</summary>
    public static async Task<Workshop> OpenAsync(string folder, TextWriter talk, bool tool, CancellationToken cancellationToken)
    {
        var workshop = new Workshop(Path.GetFullPath(folder), talk);
        Trees.Remove(workshop.WorkFolder);
        Directory.CreateDirectory(workshop.WorkFolder);
        workshop.Store = Store.Open(Path.Combine(workshop.Folder, "store"));
        talk.WriteLine(tool ? "build the tool, fetch packages …" : "fetch packages …");
        if (tool)
            await Outside.RunAsync([Launcher, "--help"], cancellationToken);
        workshop.Sources = DebianSources.Discover(Codename, HostArchitecture.Name, DebianConfiguration.Read(new DebianConfiguration { Components = ["main"] }));
        var index = await IndexFetch.ReadAsync(workshop.Store, workshop.Sources, cancellationToken: cancellationToken);
        workshop.Lock = DebianLock.Create(index, [new SetRequest(SetName, Packages), new SetRequest("more", [ImageFigure.More]), ToolSet.Request]);
        await Fetch.AllAsync(workshop.Store, workshop.Sources, workshop.Lock.Packages, cancellationToken: cancellationToken);
        return workshop;
    }

    /// <summary>A path for something that ends with the run.</summary>
    public string PathFor(string name) => Path.Combine(WorkFolder, name);

    /// <summary>Does something in a folder that ends with it.</summary>
    /// <param name="name">The folder's.</param>
    /// <param name="memory">How much memory it may take, as tmpfs(5) has it; null for the disk.</param>
    /// <param name="work">Is given the folder's path.</param>
    public async Task<T> InFolderAsync<T>(string name, string? memory, Func<string, Task<T>> work)
    {
        var place = PathFor(name);
        Directory.CreateDirectory(place);
        if (memory is not null)
            Mounts.Mount("tmpfs", place, "tmpfs", data: $"size={memory}");
        try
        {
            return await work(place);
        }
        finally
        {
            if (memory is not null)
                Mounts.Unmount(place);
        }
    }

    /// <summary>The environment in which the tool works with a store.</summary>
    public static Dictionary<string, string> With(string store) => new() { ["MAYFLY_STORE"] = store };

    public void Dispose() => Trees.Remove(WorkFolder);

    private static string Above(string folder) => File.Exists(Path.Combine(folder, "Mayfly.slnx")) ? folder : Above(Path.GetDirectoryName(folder)!);
}

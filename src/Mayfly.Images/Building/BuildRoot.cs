using System.Diagnostics;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Images.Building;

/// <summary>
/// A root that programs of an image run in while it is built: an overlay over finished layers, seen by one thread and the
/// processes that it starts, without network and with process ids of its own.
/// </summary>
/// <remarks>
/// What it keeps: a thread in namespaces of its own and, while mounted, one overlay with a private /dev, a read-only /sys and a
/// /proc of the processes inside. How it changes: each phase mounts a new empty upper folder over the layers below and leaves
/// it as a layer; nothing is ever placed into a mounted lower folder. Programs never see a writable inode of the store, because
/// everything placed is below. Whatever happens to Mayfly, the mounts go with the thread and the processes with the pipe that
/// they read from. Shims against services starting are a layer on top, so nothing must be put back afterwards.
/// </remarks>
internal sealed class BuildRoot : IDisposable
{
    private readonly string _work;
    private readonly NamespaceThread _thread;
    private int _phases;
    private int _links;
    private readonly List<string> _shown = [];
    private bool _mounted;
    private bool _ended;
    private IReadOnlyList<string> _layers = [];
    private readonly List<SafeFileHandle> _open = [];
    private string _shims = "";

    /// <param name="work">A folder that it has for itself.</param>
    /// <param name="hostName">Scripts write it into what they generate; every host builds the same.</param>
    public BuildRoot(string work, string hostName = "localhost")
    {
        _work = work;
        Root = $"{work}/root";
        _thread = new NamespaceThread(BuildRequirements.Isolation, "build root");
        _thread.Run(() =>
        {
            Nodes.MakeDirectory(Root, 0x1ed);
            Nodes.MakeDirectory($"{work}/links", 0x1c0);
            HostName.Set(hostName);
            // The thread has a working directory of its own since it has mounts of its own.
            Directory.SetCurrentDirectory($"{work}/links");
        });
    }

    /// <summary>The numbers that packages' scripts give to accounts.</summary>
    public IReadOnlyList<LockedId> Ids { get; init; } = [];

    /// <summary>Where the tree is seen, by work that runs on the root's thread alone.</summary>
    public string Root { get; }

    /// <summary>True when scripts in what is mounted note what they would compile, for <see cref="ByteCompilation"/>.</summary>
    public bool NotesCompiling { get; private set; }

    public void Run(Action work) => _thread.Run(work);

    public T Run<T>(Func<T> work) => _thread.Run(work);

    /// <summary>
    /// A path to a layer's tree that stays valid while the layer is committed, which moves it. It is opened on the root's thread,
    /// because overlayfs takes only what is mounted in its own namespace.
    /// </summary>
    public string Open(string tree)
    {
        if (MadeLayer.Lasting(tree) == tree)
            return tree;
        var folder = _thread.Run(() =>
        {
            while (true)
            {
                var path = MadeLayer.Lasting(tree);
                try
                {
                    return FileHandles.OpenFolder(path);
                }
                catch (LinuxException) when (MadeLayer.Lasting(tree) != path)
                {
                    // Moved in between.
                }
            }
        });
        _open.Add(folder);
        return MadeLayer.PathOf(folder);
    }

    /// <summary>A new empty folder that may become a layer.</summary>
    public string NewFolder(string purpose)
    {
        var path = $"{_work}/{_phases++}-{purpose}";
        _thread.Run(() => Nodes.MakeDirectory(path, 0x1ed));
        return path;
    }

    /// <summary>Mounts these layers, lowest first, with a new upper folder, whose path it gives. Call from anywhere.</summary>
    /// <param name="layers">What is mounted.</param>
    /// <param name="forPackages">Also with the shims that only packages' own scripts are given.</param>
    public string Mount(IReadOnlyList<string> layers, bool forPackages = false)
    {
        var upper = NewFolder("upper");
        _shims = $"{_phases++}-shims";
        _thread.Run(() =>
        {
            NotesCompiling = Shims.Make($"{_work}/{_shims}", layers, forPackages, Ids);
            var work = $"{upper}.work";
            Nodes.MakeDirectory(work, 0x1c0);
            // mount(2) takes one page of options: short links stand for the layers' long paths.
            var names = new List<string>();
            for (var at = layers.Count - 1; at >= 0; at--)
                names.Add(Short(layers[at]));
            names.Insert(0, Short($"{_work}/{_shims}"));
            // redirect_dir and metacopy would leave names that only this mount understands; volatile saves every sync,
            // and whatever it loses in a crash was never committed.
            Mounts.Mount("overlay", Root, "overlay", MountFlags.None,
                $"lowerdir={string.Join(':', names)},upperdir={Short(upper)},workdir={Short(work)},redirect_dir=off,metacopy=off,index=off,xino=off,volatile");
            (_mounted, _layers) = (true, [.. layers, upper]);
            if (Nodes.Find($"{Root}/dev") is { Kind: NodeKind.Directory })
                DeviceFolder.Mount($"{Root}/dev");
            if (Nodes.Find($"{Root}/sys") is { Kind: NodeKind.Directory })
                Mounts.Mount("sysfs", $"{Root}/sys", "sysfs", MountFlags.ReadOnly | MountFlags.NoSetUserId | MountFlags.NoDevices | MountFlags.NoExecute);
        });
        return upper;
    }

    /// <summary>Lets programs in what is mounted see a folder of this host, and write into it.</summary>
    /// <param name="folder">Of this host.</param>
    /// <param name="path">Absolute, by the root's own paths; nothing may be there yet.</param>
    public void Show(string folder, string path) => _thread.Run(() =>
    {
        Nodes.MakeDirectory($"{Root}{path}", 0x1ed);
        Mounts.Mount(folder, $"{Root}{path}", null, MountFlags.Bind);
        _shown.Add($"{Root}{path}");
        Mounts.Mount("none", $"{Root}{path}", null, MountFlags.Bind | MountFlags.Remount | MountFlags.NoSetUserId | MountFlags.NoDevices);
    });

    /// <summary>Leaves what programs wrote as a layer that holds nothing of the shims.</summary>
    public void Unmount()
    {
        if (!_mounted)
            return;
        Detach();
        _thread.Run(() => ShimTraces.TakeOut($"{_work}/{_shims}", _layers[^1], _layers.SkipLast(1).ToArray()));
    }

    private void Detach()
    {
        if (!_mounted)
            return;
        _mounted = false;
        _thread.Run(() =>
        {
            _shown.ForEach(Mounts.Detach);
            _shown.Clear();
            foreach (var name in (ReadOnlySpan<string>)["sys", "dev"])
            {
                try
                {
                    Mounts.Detach($"{Root}/{name}");
                }
                catch (LinuxException)
                {
                    // It was never mounted: that layer has no such folder.
                }
            }

            Mounts.Detach(Root);
        });
    }

    /// <summary>
    /// Runs a program inside the mounted root and waits. It is process 2 of a PID namespace, whose shell ends everything when
    /// the program ends or Mayfly is gone.
    /// </summary>
    /// <param name="arguments">The argument vector, by the root's own paths.</param>
    /// <param name="environment">All of its environment.</param>
    /// <param name="onLine">Is given each line of its output, both streams in one.</param>
    /// <param name="cancellationToken">Ends the program and all its children.</param>
    /// <param name="workingDirectory">Inside the root.</param>
    public ProgramResult Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment,
        Action<string>? onLine, CancellationToken cancellationToken, string workingDirectory = "/")
    {
        // The reader on descriptor 3 sees the end of Mayfly's pipe; process 1 then has nothing left to wait for.
        const string Guard = """
            exec 2>&1 3<&0 </dev/null
            cd "$1" || exit 126
            shift
            { read -r _ <&3; kill -9 -1; } &
            "$@" 3<&-
            exit $?
            """;
        cancellationToken.ThrowIfCancellationRequested();
        using var process = _thread.Run(() =>
        {
            var command = ProgramLoader.CommandFor(Root, "usr/bin/unshare");
            var start = new ProcessStartInfo(command[0])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
                WorkingDirectory = Root,
            };
            foreach (var argument in (IEnumerable<string>)[.. command.Skip(1), "--pid", "--fork", "--kill-child", $"--root={Root}", "--mount-proc=/proc", "--", "/bin/sh", "-c", Guard, "sh", workingDirectory, .. arguments])
                start.ArgumentList.Add(argument);
            start.Environment.Clear();
            foreach (var (name, value) in environment)
                start.Environment[name] = value;
            return Process.Start(start)!;
        });
        var output = new OutputTail();
        var heard = Task.WhenAll(BoundedLines.ReadAsync(process.StandardError, Take), BoundedLines.ReadAsync(process.StandardOutput, Take));
        using (cancellationToken.Register(process.StandardInput.Close))
            process.WaitForExit();
        heard.Wait(CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        return new ProgramResult(process.ExitCode, output.Text, new ProgramCall(_layers, _shims, arguments, environment, workingDirectory));

        void Take(string line)
        {
            output.Add(line);
            onLine?.Invoke(line);
        }
    }

    /// <summary>Ends its mounts; what it opened stays so.</summary>
    public void End()
    {
        if (_ended)
            return;
        _ended = true;
        try
        {
            Detach();
        }
        finally
        {
            _thread.Dispose();
        }
    }

    public void Dispose()
    {
        try
        {
            End();
        }
        finally
        {
            foreach (var folder in _open)
                folder.Dispose();
        }
    }

    /// <summary>A short name for a folder, seen from the thread's own working directory.</summary>
    private string Short(string path)
    {
        var name = $"{_links++}";
        Nodes.MakeLink(path, $"{_work}/links/{name}");
        return name;
    }
}

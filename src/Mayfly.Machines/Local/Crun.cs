using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Machines.Local;

/// <summary>The OCI runtime's and the monitor's command lines, and the place that they must be started from.</summary>
internal sealed class Crun(RuntimePrograms programs, string runFolder)
{
    private readonly ControlGroups _groups = ControlGroups.OfHost();

    public string State => Path.Combine(runFolder, "crun");

    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string> { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin", ["LC_ALL"] = "C" };

    public IReadOnlyList<string> Start(string id) => [programs.Crun, "--root", State, "start", id];

    public IReadOnlyList<string> Delete(string id) => [programs.Crun, "--root", State, "delete", "--force", id];

    /// <param name="terminal">Where it hands over the terminal that it makes, and where its own messages go then.</param>
    public IReadOnlyList<string> Exec(string id, string processFile, string pidFile, (string Socket, string Log)? terminal = null) =>
    [
        programs.Crun, "--root", State, .. terminal is null ? [] : (string[])["--log", "file:" + terminal.Value.Log],
        "exec", .. terminal is null ? [] : (string[])["--console-socket", terminal.Value.Socket], "--process", processFile, "--pid-file", pidFile, id,
    ];

    /// <summary>
    /// Lets a created instance go, as <c>crun start</c> does and without the start of a program for it: its first process
    /// waits for a byte in this pipe, and it counts as running once the pipe is gone. False when there is no such pipe.
    /// </summary>
    public bool Release(string id)
    {
        var path = Path.Combine(State, id, "exec.fifo");
        if (Nodes.Find(path) is not { Kind: NodeKind.Pipe })
            return false;
        // For reading too, because opening must not wait for a process that has ended meanwhile.
        using var pipe = File.OpenHandle(path, access: FileAccess.ReadWrite, share: FileShare.ReadWrite);
        File.Delete(path);
        FileHandles.Write(pipe, [0], path);
        return true;
    }

    /// <summary>Makes the instance through its monitor, which goes into the background and reports on descriptor 3.</summary>
    public IReadOnlyList<string> Create(InstanceFolder folder, string log) =>
    [
        programs.Conmon, "--api-version", "1", "--cid", folder.Id, "--cuuid", folder.Id, "--name", folder.Id,
        "--runtime", programs.Crun, "--runtime-arg", "--root", "--runtime-arg", State,
        "--bundle", folder.Path, "--full-attach", "--container-pidfile", folder.File("pid"), "--conmon-pidfile", folder.File("monitor.pid"),
        "--exit-dir", Path.GetDirectoryName(folder.ExitFile)!, "--log-path", "k8s-file:" + log,
        "--log-size-max", (4 * InstanceLog.Limit).ToString(System.Globalization.CultureInfo.InvariantCulture), "--no-sync-log", "--log-level", "error",
    ];

    /// <summary>
    /// A thread with mounts of its own to start them from. crun up to 1.8 refuses a host that has a version 2 tree of
    /// control groups, with any controller in it, beside the version 1 trees: there it does not see that tree.
    /// </summary>
    public NamespaceThread Enter(string name)
    {
        var thread = new NamespaceThread(Namespaces.Mounts, name);
        try
        {
            if (_groups.HybridMount is { } mount)
                thread.Run(() => Mounts.Detach(mount));
            return thread;
        }
        catch
        {
            thread.Dispose();
            throw;
        }
    }

    /// <summary>Runs one of them to its end, and captures what it prints.</summary>
    public static (int ExitCode, string Output) Run(NamespaceThread thread, IReadOnlyList<string> command)
    {
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        var (read, write) = ChildProcess.Pipe();
        using var reader = new StreamReader(new FileStream(read, FileAccess.Read));
        ChildProcess child;
        using (write)
            child = thread.Run(() => ChildProcess.Start(command, Environment, [nothing, write, write]));
        var output = reader.ReadToEnd().Trim();
        return (child.Wait(), output);
    }

    /// <summary>The console's own streams, for commands that people run.</summary>
    public static SafeFileHandle[] Console() => [new(0, ownsHandle: false), new(1, ownsHandle: false), new(2, ownsHandle: false)];
}

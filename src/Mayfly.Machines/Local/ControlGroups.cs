using System.Globalization;

namespace Mayfly.Machines.Local;

/// <summary>
/// The control groups of pods, below <c>/mayfly</c>: one group a machine, with its limits, and one below it an instance.
/// </summary>
/// <remarks>
/// What it keeps: nothing; the kernel's folders are the state. Two layouts: version 2 is one tree (cgroup-v2.rst); version 1
/// is a tree for each controller, mounted side by side, on some hosts beside a version 2 tree without controllers that matter
/// ("hybrid"). A group is the same path in every tree.
/// </remarks>
internal sealed class ControlGroups
{
    public const string Top = "/mayfly";

    private readonly bool _unified;
    private readonly IReadOnlyDictionary<string, string> _roots;

    /// <param name="unified">Version 2.</param>
    /// <param name="roots">Where the trees are mounted, by controller; for version 2 one entry.</param>
    internal ControlGroups(bool unified, IReadOnlyDictionary<string, string> roots) => (_unified, _roots) = (unified, roots);

    /// <summary>Where the version 2 tree of a hybrid host is mounted, which crun up to 1.8 cannot bear; null otherwise.</summary>
    public string? HybridMount { get; private init; }

    public bool Unified => _unified;

    /// <summary>The controllers that are there.</summary>
    public IEnumerable<string> Controllers => _unified
        ? File.ReadAllText(Path.Combine(_roots[""], "cgroup.controllers")).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
        : _roots.Keys;

    /// <summary>Reads the layout from the mounts, see proc(5): null when there are no control groups.</summary>
    public static ControlGroups? Find(string mounts)
    {
        Dictionary<string, string> roots = [];
        string? unified = null;
        foreach (var line in mounts.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ');
            if (fields[2] == "cgroup2")
                unified = fields[1];
            else if (fields[2] == "cgroup")
            {
                foreach (var controller in fields[3].Split(',').Where(option => option is "cpu" or "cpuacct" or "cpuset" or "memory" or "pids" or "freezer" or "devices" or "blkio" or "hugetlb" or "net_cls" or "net_prio" or "perf_event" or "name=systemd"))
                    roots[controller] = fields[1];
            }
        }

        if (roots.Count > 0)
            return new ControlGroups(unified: false, roots) { HybridMount = unified };
        return unified is null ? null : new ControlGroups(unified: true, new Dictionary<string, string> { [""] = unified });
    }

    public static ControlGroups OfHost() => Find(File.ReadAllText("/proc/self/mounts"))
        ?? throw new MayflyException("this host has no control groups mounted", "mount them: mount -t cgroup2 none /sys/fs/cgroup");

    /// <summary>Makes a machine's group with its limits, or changes them.</summary>
    public void Set(string group, MachineSpec limits)
    {
        const int Period = 100_000;
        if (_unified)
        {
            Delegate(group);
            Write("", group, "cpu.max", limits.Cpus > 0 ? $"{(long)(limits.Cpus * Period)} {Period}" : "max");
            Write("", group, "memory.max", limits.MemoryBytes > 0 ? Text(limits.MemoryBytes) : "max");
            // Otherwise the limit is only where swapping begins.
            if (limits.MemoryBytes > 0)
                Write("", group, "memory.swap.max", "0", mayBeMissing: true);
            Write("", group, "pids.max", limits.Processes > 0 ? Text(limits.Processes) : "max");
            return;
        }

        // In the trees of the limits alone: the OCI runtime makes what it needs in the others, of which cpuset wants more than a folder.
        foreach (var controller in (string[])["cpu", "memory", "pids"])
        {
            if (_roots.TryGetValue(controller, out var root))
                Make(root + group);
        }

        Write("cpu", group, "cpu.cfs_period_us", Text(Period));
        Write("cpu", group, "cpu.cfs_quota_us", limits.Cpus > 0 ? Text((long)(limits.Cpus * Period)) : "-1");
        Write("memory", group, "memory.limit_in_bytes", limits.MemoryBytes > 0 ? Text(limits.MemoryBytes) : "-1");
        Write("pids", group, "pids.max", limits.Processes > 0 ? Text(limits.Processes) : "max");
    }

    /// <summary>Moves a process of the host into a group, which is made when it is missing.</summary>
    public void Enter(string group, int process)
    {
        // Version 1: the trees whose limits would reach it, and the one that a service manager counts by.
        string[] trees = _unified ? [""] : ["cpu", "memory", "pids", "name=systemd"];
        foreach (var root in trees.Where(_roots.ContainsKey).Select(tree => _roots[tree]).Distinct())
        {
            Make(root + group);
            try
            {
                File.WriteAllText(Path.Combine(root + group, "cgroup.procs"), Text(process));
            }
            catch (IOException) when (!Directory.Exists($"/proc/{process}"))
            {
                // It has ended already, and needs no group.
            }
        }
    }

    /// <summary>
    /// Makes the kernel ready to move processes between groups. The first move after a while waits some ten milliseconds until every
    /// processor has taken note; asked for now, by a move of this process to where it is, that time passes while an instance is prepared.
    /// </summary>
    public void Anticipate()
    {
        try
        {
            var (tree, root) = _roots.First();
            var own = File.ReadLines("/proc/self/cgroup").Select(line => line.Split(':', 3)).First(fields => fields[1].Split(',').Contains(tree))[2];
            File.WriteAllText(Path.Combine(root + own, "cgroup.procs"), Text(Environment.ProcessId));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // Not seen from here, or no longer there: the first move is as slow as it is.
        }
    }

    /// <summary>Every group below the one named, and itself, deepest first.</summary>
    public IReadOnlyList<string> Below(string group)
    {
        HashSet<string> groups = [];
        foreach (var root in _roots.Values.Distinct().Where(root => Directory.Exists(root + group)))
        {
            groups.Add(group);
            try
            {
                groups.UnionWith(Directory.EnumerateDirectories(root + group, "*", SearchOption.AllDirectories).Select(path => path[root.Length..]));
            }
            catch (IOException)
            {
                // It went away meanwhile: other stacks' instances come and go in what all share.
            }
        }

        return [.. groups.OrderByDescending(path => path.Count(c => c == '/')).ThenBy(path => path, StringComparer.Ordinal)];
    }

    /// <summary>The processes of a group and of all below it.</summary>
    public IReadOnlyCollection<int> Processes(string group)
    {
        HashSet<int> processes = [];
        foreach (var below in Below(group))
        {
            foreach (var root in _roots.Values.Distinct())
            {
                try
                {
                    processes.UnionWith(File.ReadAllLines(Path.Combine(root + below, "cgroup.procs")).Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Where(process => process > 0));
                }
                catch (IOException)
                {
                    // The group went away meanwhile, and its processes with it.
                }
            }
        }

        return processes;
    }

    /// <summary>Removes a group and all below it, as far as they are empty. True when nothing is left of it.</summary>
    public bool Remove(string group)
    {
        foreach (var below in Below(group))
        {
            foreach (var root in _roots.Values.Distinct())
                RemoveFolder(root + below);
        }

        return Below(group).Count == 0;
    }

    /// <summary>Removes a group when nothing is in it.</summary>
    public void RemoveEmpty(string group)
    {
        foreach (var root in _roots.Values.Distinct())
            RemoveFolder(root + group);
    }

    /// <summary>Stops or continues every process of a group; returns when they stand still.</summary>
    public void Freeze(string group, bool frozen)
    {
        var folder = (_unified ? _roots[""] : _roots["freezer"]) + group;
        if (!Directory.Exists(folder))
            return;
        try
        {
            Freeze(group, folder, frozen);
        }
        catch (IOException) when (!Directory.Exists(folder))
        {
            // Its last process ended meanwhile, and the group with it.
        }
    }

    private void Freeze(string group, string folder, bool frozen)
    {
        var (file, value, state, sign) = (_unified, frozen) switch
        {
            (true, _) => ("cgroup.freeze", frozen ? "1" : "0", "cgroup.events", frozen ? "frozen 1" : "frozen 0"),
            (false, _) => ("freezer.state", frozen ? "FROZEN" : "THAWED", "freezer.state", frozen ? "FROZEN" : "THAWED"),
        };
        if (File.ReadAllText(Path.Combine(folder, state)).Contains(sign, StringComparison.Ordinal))
            return;
        var deadline = Environment.TickCount64 + 10_000;
        while (true)
        {
            // Version 1 may stay in FREEZING until it is told again (freezer-subsystem.rst).
            File.WriteAllText(Path.Combine(folder, file), value);
            if (File.ReadAllText(Path.Combine(folder, state)).Contains(sign, StringComparison.Ordinal))
                return;
            if (Environment.TickCount64 > deadline)
                throw new MayflyException($"the processes of {group} do not stand still", "a process waits in the kernel for a disk or network that does not answer; see ps -eo pid,stat,wchan,args");
            Thread.Sleep(1);
        }
    }

    /// <summary>How many processes of this group the kernel has ended for want of memory.</summary>
    public int OutOfMemoryKills(string group)
    {
        var file = _unified ? Path.Combine(_roots[""] + group, "memory.events")
            : _roots.TryGetValue("memory", out var root) ? Path.Combine(root + group, "memory.oom_control") : null;
        // The file may go while it is read, with its group: the instance has been removed meanwhile.
        return (file is null ? null : InstanceFolder.Read(file))?.Split('\n').Where(line => line.StartsWith("oom_kill ", StringComparison.Ordinal))
            .Select(line => int.Parse(line.AsSpan("oom_kill ".Length), CultureInfo.InvariantCulture)).FirstOrDefault() ?? 0;
    }

    /// <summary>Makes a group's folder and those above it, which go when another stack's last instance does: also in between.</summary>
    private static void Make(string path)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                Directory.CreateDirectory(path);
                return;
            }
            catch (DirectoryNotFoundException) when (tries < 20)
            {
            }
        }
    }

    private static void RemoveFolder(string path)
    {
        try
        {
            Directory.Delete(path);
        }
        catch (IOException)
        {
            // Not there, or a process or another group is still in it.
        }
    }

    /// <summary>In version 2 a group has a controller's files only when every group above has passed the controller on.</summary>
    private void Delegate(string group)
    {
        var path = _roots[""];
        foreach (var part in group.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var controller in (string[])["cpu", "memory", "pids"])
            {
                try
                {
                    File.WriteAllText(Path.Combine(path, "cgroup.subtree_control"), "+" + controller);
                }
                catch (IOException e)
                {
                    throw new MayflyException($"the control group {path} does not pass on the controller {controller}: {e.Message}",
                        "mayfly doctor tells what this host lacks", e);
                }
            }

            path = Path.Combine(path, part);
            Make(path);
        }
    }

    private void Write(string controller, string group, string file, string value, bool mayBeMissing = false)
    {
        if (!_roots.TryGetValue(controller, out var root))
            throw new MayflyException($"this host has no control group controller '{controller}'", "mayfly doctor tells what this host lacks");
        var path = Path.Combine(root + group, file);
        if (mayBeMissing && !File.Exists(path))
            return;
        File.WriteAllText(path, value);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

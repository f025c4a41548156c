using System.Globalization;
using System.Net;
using Mayfly.Machines.Local;
using Mayfly.Machines.Names;

namespace Mayfly.Machines.Agent;

/// <summary>Who is there: the supervised instances, the commands that run, and which of them answer for their names.</summary>
/// <remarks>
/// What it keeps: instances and commands by id, the names of each view, and who only drains. How it changes: each method changes
/// the maps under one lock; names are published whole, so that a DNS reader never sees half a change. Why apart from the
/// <see cref="Supervisor"/>: that one waits for processes and hosts, and nothing may be waited for under a lock.
/// </remarks>
internal sealed class Roster(IInstanceHost host, uint firstSerial, Action<NameTable> publishNames)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SupervisedInstance> _instances = [];
    private readonly Dictionary<string, InstanceLabel> _commands = [];
    private readonly HashSet<string> _draining = [];
    private readonly ViewNames _names = new(host, firstSerial);

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _instances.Count == 0 && _commands.Count == 0;
        }
    }

    public bool HasTrials
    {
        get
        {
            lock (_gate)
                return _commands.Count > 0 || _instances.Values.Any(instance => instance.Trial);
        }
    }

    public IReadOnlyList<SupervisedInstance> All()
    {
        lock (_gate)
            return [.. _instances.Values];
    }

    /// <summary>Those of a stack, in one view or all, also the ones that drain.</summary>
    public IReadOnlyList<SupervisedInstance> Of(string stack, string? view = null)
    {
        lock (_gate)
            return [.. _instances.Values.Where(instance => instance.Spec.Stack == stack && (view is null || instance.Label.View == view))];
    }

    /// <summary>Those of a stack as people list them, without the ones that drain.</summary>
    public IReadOnlyList<InstanceState> Describe(string stack)
    {
        lock (_gate)
        {
            return [.. _instances.Values.Where(instance => instance.Spec.Stack == stack && !_draining.Contains(instance.Id))
                .OrderBy(instance => instance.Label.View, StringComparer.Ordinal)
                .ThenBy(instance => instance.Spec.Component, StringComparer.Ordinal).ThenBy(instance => instance.Spec.Replica)
                .Select(instance => instance.Describe())];
        }
    }

    /// <summary>What is live besides these, and does not end already.</summary>
    public IReadOnlyList<SupervisedInstance> Others(string stack, IReadOnlyList<string> kept)
    {
        lock (_gate)
        {
            return [.. _instances.Values.Where(instance => instance.Spec.Stack == stack && instance.Label.View == NameTable.Live
                && !kept.Contains(instance.Id) && !_draining.Contains(instance.Id))];
        }
    }

    public SupervisedInstance?[] Match(Generation generation, IReadOnlyList<string> ids)
    {
        lock (_gate)
            return GenerationMatch.Find(generation, ids, _instances.Values);
    }

    public bool Has(string id)
    {
        lock (_gate)
            return _instances.ContainsKey(id);
    }

    public SupervisedInstance Find(string id)
    {
        lock (_gate)
        {
            return _instances.TryGetValue(id, out var instance) ? instance
                : throw new MayflyException($"instance {id} does not run", "it may have ended with the command that started it: run 'status', and the command again");
        }
    }

    /// <summary>One that was there before this agent.</summary>
    public void Add(SupervisedInstance instance)
    {
        lock (_gate)
            _instances.Add(instance.Id, instance);
    }

    /// <summary>A new one, with an id and an address of its own.</summary>
    public SupervisedInstance Add(InstanceSpec spec, MachineSpec machine, string view, bool trial, Func<InstanceLabel, SupervisedInstance> make)
    {
        lock (_gate)
        {
            var instance = make(Label(spec, machine, view, "", trial));
            _instances.Add(instance.Id, instance);
            return instance;
        }
    }

    /// <summary>A command that asks for names and is never asked for.</summary>
    public InstanceLabel AddCommand(InstanceSpec spec, MachineSpec machine, string view)
    {
        lock (_gate)
        {
            var label = Label(spec, machine, view, "-run", trial: true);
            _commands.Add(label.Id, label);
            Publish();
            return label;
        }
    }

    public void RemoveCommand(InstanceLabel label)
    {
        lock (_gate)
        {
            _commands.Remove(label.Id);
            Publish();
        }
    }

    /// <summary>It serves its last clients and is not listed any more.</summary>
    public void BeginDraining(SupervisedInstance instance)
    {
        lock (_gate)
            _draining.Add(instance.Id);
    }

    public void Remove(SupervisedInstance instance)
    {
        lock (_gate)
        {
            _instances.Remove(instance.Id);
            _draining.Remove(instance.Id);
            var (stack, view) = (instance.Spec.Stack, instance.Label.View);
            if (_names[stack, view] is { Count: > 0 } ids)
                _names[stack, view] = [.. ids.Where(id => id != instance.Id)];
            Publish();
        }
    }

    /// <summary>Who answers for their names in a view.</summary>
    public IReadOnlyList<string> Named(string stack, string view)
    {
        lock (_gate)
            return _names[stack, view];
    }

    public void SetNamed(string stack, string view, IReadOnlyList<string> ids)
    {
        lock (_gate)
        {
            _names[stack, view] = ids;
            Publish();
        }
    }

    /// <summary>The stack's network and zones exist from now on.</summary>
    public void Open(string stack)
    {
        lock (_gate)
            _names.Open(stack);
    }

    /// <summary>The stack's zones are gone, in every view.</summary>
    public void Close(string stack)
    {
        lock (_gate)
        {
            _names.Close(stack);
            Publish();
        }
    }

    /// <summary>The view's zone is gone; its instances may still be.</summary>
    public void CloseView(string stack, string view)
    {
        lock (_gate)
            _names.Remove(stack, view);
    }

    /// <summary>Where a generation's published ports lead: to those who answer for their names.</summary>
    public IReadOnlyList<PublishedTarget> Targets(Generation generation)
    {
        lock (_gate)
        {
            var live = _names[generation.Stack, NameTable.Live].Select(id => _instances.GetValueOrDefault(id)).OfType<SupervisedInstance>().ToList();
            return [.. generation.Published.Select(port => new PublishedTarget(port.HostPort, port.HostAddress,
                [.. live.Where(instance => instance.Spec.Component == port.Component).Select(instance => new IPEndPoint(instance.Address, port.Port))]))];
        }
    }

    public void Publish()
    {
        lock (_gate)
            publishNames(_names.Table(_instances, _commands.Values));
    }

    private InstanceLabel Label(InstanceSpec spec, MachineSpec machine, string view, string kind, bool trial)
    {
        string id;
        do
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{spec.Stack}-{spec.Component}-{spec.Replica}{kind}");
            id = $"{(name.Length > 55 ? name[..55] : name)}-{Random.Shared.Next(0x10000):x4}";
        }
        while (_instances.ContainsKey(id) || _commands.ContainsKey(id));
        return new InstanceLabel
        {
            Id = id,
            Spec = spec,
            Machine = machine,
            View = view,
            Address = host.AllocateAddress(spec.Stack),
            Marks = trial ? new Dictionary<string, string> { [SupervisedInstance.TrialMark] = "true" } : new Dictionary<string, string>(),
        };
    }
}

using System.Net;
using Mayfly.Machines.Local;
using Mayfly.Machines.Names;

namespace Mayfly.Machines.Agent;

/// <summary>Which instances answer for their component's name in each view of each stack. Its owner's lock guards it.</summary>
internal sealed class ViewNames(IInstanceHost host, uint firstSerial)
{
    private readonly Dictionary<(string Stack, string View), IReadOnlyList<string>> _named = [];
    private readonly Dictionary<string, IPAddress> _networks = [];
    private uint _serial = firstSerial;

    public IReadOnlyList<string> this[string stack, string view]
    {
        get => _named.GetValueOrDefault((stack, view), []);
        set => _named[(stack, view)] = [.. value];
    }

    /// <summary>The stack's zones exist from now on.</summary>
    public void Open(string stack)
    {
        if (!_networks.ContainsKey(stack))
            _networks.Add(stack, host.EnsureNetwork(stack));
    }

    /// <summary>The stack's zones are gone, in every view.</summary>
    public void Close(string stack)
    {
        foreach (var key in _named.Keys.Where(key => key.Stack == stack).ToList())
            _named.Remove(key);
        _networks.Remove(stack);
    }

    public void Remove(string stack, string view) => _named.Remove((stack, view));

    /// <summary>All of it as readers see it, whole.</summary>
    /// <param name="commands">Instances that ask and are never asked for.</param>
    public NameTable Table(IReadOnlyDictionary<string, SupervisedInstance> instances, IEnumerable<InstanceLabel> commands)
    {
        _serial++;
        List<(IPAddress Asker, string Stack, string View)> askers =
        [
            .. instances.Values.Select(instance => (instance.Address, instance.Spec.Stack, instance.Label.View)),
            .. commands.Select(label => (IPAddress.Parse(label.Address), label.Spec.Stack, label.View)),
        ];
        var zones = _networks.SelectMany(network => _named.Keys.Where(key => key.Stack == network.Key).Select(key => key.View)
            .Concat(askers.Where(asker => asker.Stack == network.Key).Select(asker => asker.View))
            .Append(NameTable.Live)
            .Distinct()
            .Select(view => (network.Key, view, new StackZone(network.Key, network.Value,
                this[network.Key, view].Select(id => instances.GetValueOrDefault(id)).OfType<SupervisedInstance>()
                    .Select(instance => new NamedInstance(instance.Spec.Component, instance.Spec.Replica, instance.Address, instance.Spec.Ports)), _serial))));
        return new NameTable(zones, askers);
    }
}

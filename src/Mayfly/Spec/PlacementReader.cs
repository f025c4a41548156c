using Mayfly.Machines;

namespace Mayfly.Spec;

/// <summary>Turns machines with counts into single machines, and spreads replicas over those that host a component.</summary>
internal static class PlacementReader
{
    public static (IReadOnlyList<MachineSpec>, IReadOnlyList<Placed>) Read(Stack stack)
    {
        var machines = new List<MachineSpec>();
        var hosts = new Dictionary<Component, List<string>>();
        foreach (var machine in stack.Machines)
        {
            if (!StackReader.HostLabel().IsMatch(machine.Name))
                throw new MayflyException($"`{machine.Name}` cannot be a machine's name", "use lower-case letters, digits and hyphens");
            if (machine.Count < 1)
                throw new MayflyException($"machine {machine.Name} has a count of {machine.Count}", "a machine exists at least once");
            for (var i = 1; i <= machine.Count; i++)
            {
                var name = machine.Count == 1 ? machine.Name : $"{machine.Name}-{i}";
                if (machines.Exists(other => other.Name == name))
                    throw new MayflyException($"two machines claim the name {name}", "rename one");
                machines.Add(new MachineSpec(name, machine.Size.Cpus, machine.Size.Memory, machine.Size.Processes));
                foreach (var component in machine.Hosted)
                {
                    if (!hosts.TryGetValue(component, out var names))
                        hosts[component] = names = [];
                    names.Add(name);
                }
            }
        }

        if (machines.Count == 0)
            throw new MayflyException($"stack {stack.Name} has no machine", $"add one: var box = {stack.Name}.Machine(\"box\").Hosts(…)");
        var placement = new List<Placed>();
        foreach (var component in stack.Components)
        {
            if (!hosts.TryGetValue(component, out var names))
                throw new MayflyException($"component {component.Name} is on no machine", $"place it: .Hosts({component.Name})");
            var replicas = component.ReplicaCount ?? names.Count;
            if (replicas < 1)
                throw new MayflyException($"component {component.Name} has {replicas} replicas", "a component runs at least once");
            if (component.Data.Count > 0 && replicas > 1)
                throw new MayflyException($"component {component.Name} owns data and would have {replicas} replicas", "two writers would ruin it: place it on one machine");
            for (var replica = 1; replica <= replicas; replica++)
                placement.Add(new Placed(component.Name, replica, names[(replica - 1) % names.Count]));
        }

        return (machines, placement);
    }
}

"""Programs on the hosts: argv out, output in. Pure, standard library only, part of the zipapp."""
